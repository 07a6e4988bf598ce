import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { FolderWatcher } from './folderWatcher.ts';
import { type FolderReader, ImageFolders } from './imageFolders.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import { IMAGES_DIR, actorFolder, insidePath } from '../files/layout.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import { listFolder, lookAt, openFolder } from '../files/ownFolders.ts';
import { sweepUnfinished } from '../files/sweepTemporary.ts';
import type { AppliedChange, ManifestStore } from '../manifest/manifestStore.ts';
import { SingleFlight } from '../queue/singleFlight.ts';
import { UnclaimedImages } from './unclaimedImages.ts';
import { within } from './within.ts';

/** A request waits at most this long for the scan, however many files there are, because the image can be downloaded instead. */
const MAX_WAIT_MS = 250;

export interface DiscoveryOptions {
  /** The cache directory. */
  dir: string;
  store: ManifestStore;
  now: () => number;
  logger: CacheLogger;
}

/**
 * Knows which image files in the directory have no entry. It scans in the background at the start, watches the folders, and scans
 * again when an image is requested. It only reads names; adoption checks the content.
 */
export class Discovery implements CachePart {
  readonly unclaimed: UnclaimedImages;
  readonly #options: DiscoveryOptions;
  readonly #folders: ImageFolders;
  readonly #watcher: FolderWatcher;
  readonly #closed = new AbortController();
  readonly #scanning = new SingleFlight<void>();
  readonly #measuring = new SingleFlight<void>();
  #measuredRevision = 0;

  constructor(options: DiscoveryOptions) {
    const { dir, store, now } = options;
    const isKnown = (path: string) => store.index.getByPath(path) !== undefined;
    this.#options = options;
    this.#folders = new ImageFolders({ reader: readerOf(dir), isWanted: (path) => !isKnown(path) });
    this.unclaimed = new UnclaimedImages({ dir, isKnown, refresh: () => store.refresh(), now });
    this.#watcher = new FolderWatcher(join(dir, IMAGES_DIR), () => this.#scanAgain());
  }

  /** Starts to watch and to scan. */
  start(): void {
    this.#watcher.start();
    this.#scanAgain();
  }

  /** Resolves when the current scan has finished. */
  async settled(): Promise<void> {
    await this.#scanning.running();
  }

  /** Returns files that may be the image, by their paths inside the cache directory. The actor's folder is scanned first. */
  async candidates(keyDigest: string, actorId: string | undefined): Promise<string[]> {
    const looks = [this.#folders.lookAgain()];
    if (actorId !== undefined && !this.#folders.hasLooked) looks.push(this.#folders.lookInto(actorFolder(actorId)));
    return this.#unlisted(keyDigest, looks);
  }

  /** Files that may be the image and have no entry, as the last scan has found them. Looks at nothing. */
  unlistedOf(keyDigest: string): string[] {
    const { index } = this.#options.store;
    return [...this.#folders.pathsOf(keyDigest)].filter((path) => index.getByPath(path) === undefined);
  }

  /** Like {@link Discovery.candidates}, after a removal: also finds files that were written a moment ago (R4). */
  leftOver(keyDigest: string): Promise<string[]> {
    return this.#unlisted(keyDigest, [this.#folders.look()]);
  }

  /**
   * Finds every file that existed before the call, and removes half-written files. Returns the number of removed files.
   * @throws ImageCacheError CACHE_DIR_UNSAFE
   */
  async scan(): Promise<number> {
    const { dir, now } = this.#options;
    await this.look();
    return sweepUnfinished(dir, this.#folders.unfinished(), now());
  }

  /** Finds every file that existed before the call, and removes none. */
  async look(): Promise<void> {
    await this.#options.store.refresh();
    await this.#folders.look();
    await this.#measuring.running();
    await this.#measure();
  }

  /** Paths that the scan has found: all, or those of one actor. */
  *pathsOf(actorId: string | undefined): Generator<string> {
    const folder = actorId === undefined ? '' : `${actorFolder(actorId)}/`;
    for (const path of this.unclaimed.paths()) if (path.startsWith(`${IMAGES_DIR}/${folder}`)) yield path;
  }

  /** Notes each change, including the changes of other processes. */
  applied({ change, removed }: AppliedChange): void {
    if ('entry' in change) this.unclaimed.forget(insidePath(change.entry.local_path) ?? '');
    for (const { local_path } of removed) this.#folders.distrust(insidePath(local_path) ?? '');
  }

  /** The manifest was lost or replaced: files that had an entry may have none now. */
  reset(): void {
    this.#folders.forget();
    this.#scanAgain();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watcher.close();
    await this.#folders.close();
    await this.#measuring.running();
    await this.#scanning.running();
  }

  async #unlisted(keyDigest: string, looks: readonly Promise<void>[]): Promise<string[]> {
    await within(MAX_WAIT_MS, Promise.allSettled(looks)); // a folder that is refused here is also refused when an image is written
    this.#measureIfChanged();
    return this.unlistedOf(keyDigest);
  }

  #scanAgain(): void {
    if (this.#closed.signal.aborted) return;
    void this.#scanning.run(() => this.#scanInBackground());
  }

  async #scanInBackground(): Promise<void> {
    const { logger } = this.#options;
    const before = this.unclaimed.count;
    try {
      await this.scan();
    } catch (error) {
      if (error instanceof ImageCacheError && error.code === 'CACHE_DIR_UNSAFE')
        logger.warn(`${error.message} ${error.hint}`);
      else logger.debug?.(`the scan failed: ${String(error)}`);
    }
    if (!this.#closed.signal.aborted) this.#watcher.start(); // the folder may not have existed before
    const found = this.unclaimed.count - before;
    if (found > 0) logger.debug?.(`found ${found} images without an entry`);
  }

  #measureIfChanged(): void {
    if (this.#folders.revision !== this.#measuredRevision) void this.#measure();
  }

  #measure(): Promise<void> {
    return this.#measuring.run(() => this.#measureNow());
  }

  async #measureNow(): Promise<void> {
    this.#measuredRevision = this.#folders.revision;
    await this.unclaimed.update(this.#folders.paths(), this.#closed.signal);
  }
}

/** Costs one `lstat` for each folder that has not changed. The others get the full check. */
function readerOf(dir: string): FolderReader {
  return {
    statsOf: async (folder) => {
      const stats = await lstat(join(dir, folder)).catch(() => undefined);
      if (stats?.isSymbolicLink() === true) await lookAt(dir, folder); // this throws, because it is a link
      return stats?.isDirectory() === true ? stats : undefined;
    },
    list: (folder) => listFolder(dir, folder),
    open: (folder, bufferSize) => openFolder(dir, folder, bufferSize),
  };
}
