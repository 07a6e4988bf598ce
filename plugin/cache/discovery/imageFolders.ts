import type { Dir, Stats } from 'node:fs';
import pLimit from 'p-limit';
import { ImageCacheError } from '../../errors.ts';
import { ACTOR_FOLDER, IMAGES_DIR, TEMPORARY_NAME, parseImagePath } from '../files/layout.ts';
import { TimeSlice } from '../../timeSlice.ts';
import { SingleFlight } from '../queue/singleFlight.ts';

/** Maximum number of folders that are read at the same time. */
const MAX_FOLDERS = 4;
/** Names that are processed per turn of the event loop. */
const BATCH_NAMES = 256;
const LOOK_AGAIN_MS = 500;
/** Resolution of folder times on some file systems: a change within this time may not show. */
const COARSE_MS = 2000;

interface Folder {
  ino: number;
  mtimeMs: number;
  /** False if a file may have been added without a change of the folder's time. */
  settled: boolean;
  /** Paths of the wanted images, inside the cache directory. */
  paths: readonly string[];
  /** Files with temporary names. */
  unfinished: readonly string[];
}

/** How to read a cache directory: our own with safety checks, another one without. */
export interface FolderReader {
  /** Returns `undefined` for a folder that does not exist, or is not a folder. */
  statsOf: (folder: string) => Promise<Stats | undefined>;
  /** Returns the names in a folder. */
  list: (folder: string) => Promise<string[]>;
  open: (folder: string, bufferSize: number) => Promise<Dir | undefined>;
}

export interface ImageFoldersOptions {
  reader: FolderReader;
  /** Returns true for images to remember. */
  isWanted: (path: string) => boolean;
}

/**
 * Indexes the image files of a cache directory by what their names say. A folder is read again only if its time shows that a file
 * was added or removed, so a repeated scan costs one `stat` per folder.
 */
export class ImageFolders {
  readonly #options: ImageFoldersOptions;
  readonly #folders = new Map<string, Folder>();
  /** Folders whose next look must not trust the time of the folder. */
  readonly #distrusted = new Set<string>();
  readonly #byKey = new Map<string, Set<string>>();
  readonly #limit = pLimit(MAX_FOLDERS);
  readonly #reading = new SingleFlight<void>();
  readonly #closed = new AbortController();
  readonly #looking = new SingleFlight<void>();
  #lookedAt = -Infinity;
  #lookTookMs = 0;
  #revision = 0;

  constructor(options: ImageFoldersOptions) {
    this.#options = options;
  }

  /** Paths that the scans have found for this digest of a canonical URL. */
  pathsOf(keyDigest: string): ReadonlySet<string> {
    return this.#byKey.get(keyDigest) ?? new Set();
  }

  /** All paths that the scans have found. */
  *paths(): Generator<string> {
    for (const { paths } of this.#folders.values()) yield* paths;
  }

  /** Temporary files that the scans have found; some are still being written. */
  *unfinished(): Generator<string> {
    for (const { unfinished } of this.#folders.values()) yield* unfinished;
  }

  /** Changes when a folder was read again. */
  get revision(): number {
    return this.#revision;
  }

  /** False until the first scan has finished. */
  get hasLooked(): boolean {
    return this.#lookedAt !== -Infinity;
  }

  /** Scans all folders. Calls that come during a scan share the next one, because the running one may miss the latest files. */
  async look(): Promise<void> {
    await this.#looking.running()?.catch(() => undefined);
    await this.#startLook();
  }

  /**
   * Scans, unless a scan is running or was done recently. However large the folders are, scanning takes at most a tenth of the time.
   * @param pauseMs minimum time between two scans
   */
  lookAgain(pauseMs = LOOK_AGAIN_MS): Promise<void> {
    const pause = Math.max(pauseMs, 10 * this.#lookTookMs);
    if (this.#looking.running() === undefined && performance.now() - this.#lookedAt < pause) return Promise.resolve();
    return this.#startLook();
  }

  /** Scans one folder only. */
  lookInto(folder: string): Promise<void> {
    return this.#reading.run(() => this.#readIfChanged(folder), folder);
  }

  /**
   * The file at this path has lost its entry. Earlier looks have left it out, and the time of its folder does not tell if its remover is
   * killed before it removes the file (R4), so the next look reads the folder again.
   */
  distrust(path: string): void {
    const folder = path.split('/')[1];
    if (folder !== undefined) this.#distrusted.add(folder);
  }

  /** Forgets the folders, because images may be wanted now that were not wanted before. */
  forget(): void {
    for (const name of this.#folders.keys()) this.#replace(name, undefined);
    this.#lookedAt = -Infinity;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#looking.running()?.catch(() => undefined);
  }

  #startLook(): Promise<void> {
    return this.#looking.run(async () => {
      const started = performance.now();
      try {
        await this.#look();
      } finally {
        this.#lookedAt = performance.now();
        this.#lookTookMs = this.#lookedAt - started;
      }
    });
  }

  async #look(): Promise<void> {
    const names = new Set((await this.#options.reader.list(IMAGES_DIR)).filter((name) => ACTOR_FOLDER.test(name)));
    for (const known of this.#folders.keys()) if (!names.has(known)) this.#replace(known, undefined);
    const looks = await Promise.allSettled([...names].map((name) => this.#limit(() => this.#lookAfresh(name))));
    const refused = looks.find((look) => look.status === 'rejected');
    if (refused !== undefined) throw refused.reason; // when all other folders have been read
  }

  /** Also notices files that were added while another call was already reading the folder. */
  async #lookAfresh(folder: string): Promise<void> {
    await this.#reading.running(folder)?.catch(() => undefined);
    await this.lookInto(folder);
  }

  async #readIfChanged(name: string): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const isDistrusted = this.#distrusted.delete(name);
    const stats = await this.#options.reader.statsOf(`${IMAGES_DIR}/${name}`);
    if (stats === undefined) return this.#replace(name, undefined);
    const { ino, mtimeMs } = stats;
    const known = this.#folders.get(name);
    if (!isDistrusted && known?.settled === true && known.ino === ino && known.mtimeMs === mtimeMs) return;
    const settled = Math.abs(Date.now() - mtimeMs) > COARSE_MS; // the system's clock, because it also set the time of the folder
    this.#replace(name, { ino, mtimeMs, settled, ...(await this.#list(name)) });
  }

  async #list(folder: string): Promise<Pick<Folder, 'paths' | 'unfinished'>> {
    const paths: string[] = [];
    const unfinished: string[] = [];
    const timeSlice = new TimeSlice();
    try {
      for await (const { name } of (await this.#options.reader.open(`${IMAGES_DIR}/${folder}`, BATCH_NAMES)) ?? []) {
        if (this.#closed.signal.aborted) break;
        if (timeSlice.isOver) await timeSlice.yield();
        const path = `${IMAGES_DIR}/${folder}/${name}`;
        if (TEMPORARY_NAME.test(name)) unfinished.push(path);
        else if (parseImagePath(path) !== undefined && this.#options.isWanted(path)) paths.push(path);
      }
    } catch (error) {
      if (error instanceof ImageCacheError) throw error;
      // The folder was removed while it was read. The next scan notices that.
    }
    return { paths, unfinished };
  }

  #replace(name: string, folder: Folder | undefined): void {
    this.#revision += 1;
    for (const path of this.#folders.get(name)?.paths ?? []) {
      const digest = parseImagePath(path)?.keyDigest ?? '';
      const same = this.#byKey.get(digest);
      same?.delete(path);
      if (same?.size === 0) this.#byKey.delete(digest);
    }
    if (folder === undefined) {
      this.#folders.delete(name);
      return;
    }
    this.#folders.set(name, folder);
    for (const path of folder.paths) {
      const digest = parseImagePath(path)?.keyDigest ?? '';
      const same = this.#byKey.get(digest);
      if (same === undefined) this.#byKey.set(digest, new Set([path]));
      else same.add(path);
    }
  }
}
