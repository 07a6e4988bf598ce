import type { Dir, Stats } from 'node:fs';
import pLimit from 'p-limit';
import { ImageCacheError } from '../../errors.ts';
import { ACTOR_FOLDER, IMAGES_DIR, TEMPORARY_NAME, parseImagePath } from '../files/layout.ts';
import { TimeSlice } from '../../timeSlice.ts';
import { SingleFlight } from '../queue/singleFlight.ts';

/** Folders that are looked at at the same time. */
const MAX_FOLDERS = 4;
/** Names to a turn of the event loop. */
const BATCH_NAMES = 256;
const LOOK_AGAIN_MS = 500;
/** As coarse as the time of a folder is on some file systems: within it a change may not show. */
const COARSE_MS = 2000;

interface Folder {
  ino: number;
  mtimeMs: number;
  /** False if something may have been added since without a change of the time. */
  settled: boolean;
  /** Of images that were wanted; inside the cache directory. */
  paths: readonly string[];
  /** What has a temporary name. */
  unfinished: readonly string[];
}

/** How a cache directory is looked into: ours with caution, another one as it is. */
export interface FolderReader {
  /** `undefined` for what is not there, or no folder. */
  statsOf: (folder: string) => Promise<Stats | undefined>;
  /** Names of what is in there. */
  list: (folder: string) => Promise<string[]>;
  open: (folder: string, bufferSize: number) => Promise<Dir | undefined>;
}

export interface ImageFoldersOptions {
  reader: FolderReader;
  /** Which images to remember. */
  isWanted: (path: string) => boolean;
}

/**
 * The image files of a cache directory by what their names say. A folder is read again only when its own time says that
 * something was added to it or removed, so that looking again costs one `stat` a folder.
 */
export class ImageFolders {
  readonly #options: ImageFoldersOptions;
  readonly #folders = new Map<string, Folder>();
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

  /** What a look has found under this digest of the canonical URL. */
  pathsOf(keyDigest: string): ReadonlySet<string> {
    return this.#byKey.get(keyDigest) ?? new Set();
  }

  /** What the looks have found. */
  *paths(): Generator<string> {
    for (const { paths } of this.#folders.values()) yield* paths;
  }

  /** Files that were being written, or are, when the looks found them. */
  *unfinished(): Generator<string> {
    for (const { unfinished } of this.#folders.values()) yield* unfinished;
  }

  /** Changes when a folder was read anew. */
  get revision(): number {
    return this.#revision;
  }

  /** False before the first look has come to its end. */
  get hasLooked(): boolean {
    return this.#lookedAt !== -Infinity;
  }

  /** Looks at all folders. Calls that come meanwhile share the next look, not the running one. */
  async look(): Promise<void> {
    await this.#looking.running()?.catch(() => undefined);
    await this.#startLook();
  }

  /**
   * Looks unless that was done not long ago, or is being done: however large the folders, it takes a tenth of the time.
   * @param pauseMs between two looks, at least
   */
  lookAgain(pauseMs = LOOK_AGAIN_MS): Promise<void> {
    const pause = Math.max(pauseMs, 10 * this.#lookTookMs);
    if (this.#looking.running() === undefined && performance.now() - this.#lookedAt < pause) return Promise.resolve();
    return this.#startLook();
  }

  /** Looks at one folder only. */
  lookInto(folder: string): Promise<void> {
    return this.#reading.run(() => this.#readIfChanged(folder), folder);
  }

  /** Everything may be wanted now that was not before. */
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
    if (refused !== undefined) throw refused.reason; // when all others have been looked at
  }

  /** What was put there while somebody read the folder already is seen as well. */
  async #lookAfresh(folder: string): Promise<void> {
    await this.#reading.running(folder)?.catch(() => undefined);
    await this.lookInto(folder);
  }

  async #readIfChanged(name: string): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const stats = await this.#options.reader.statsOf(`${IMAGES_DIR}/${name}`);
    if (stats === undefined) return this.#replace(name, undefined);
    const { ino, mtimeMs } = stats;
    const known = this.#folders.get(name);
    if (known?.settled === true && known.ino === ino && known.mtimeMs === mtimeMs) return;
    const settled = Math.abs(Date.now() - mtimeMs) > COARSE_MS; // the system's clock: it made the other time, too
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
      // Removed while it was read; its time, or its absence, tells so the next time.
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
