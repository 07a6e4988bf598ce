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

/** A download is at hand for whoever asks: it is not held up for longer, however many files there are. */
const MAX_WAIT_MS = 250;

export interface DiscoveryOptions {
  /** The cache directory. */
  dir: string;
  store: ManifestStore;
  now: () => number;
  logger: CacheLogger;
}

/**
 * Knows which image files lie in the directory without an entry: by a scan in the background at the start, by watching,
 * and by a look around when an image is asked for. It only reads names; what is in the files is up to the adoption.
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

  /** Begins to watch and to scan; the scan ends when it ends. */
  start(): void {
    this.#watcher.start();
    this.#scanAgain();
  }

  /** Resolves when the scan that is under way has come to its end. */
  async settled(): Promise<void> {
    await this.#scanning.running();
  }

  /** Files, inside the cache directory, that may be the object; the actor's folder is looked into first. */
  async candidates(keyDigest: string, actorId: string | undefined): Promise<string[]> {
    const looks = [this.#folders.lookAgain()];
    if (actorId !== undefined && !this.#folders.hasLooked) looks.push(this.#folders.lookInto(actorFolder(actorId)));
    return this.#unlisted(keyDigest, looks);
  }

  /** The same after a removal, which is to find what was written a moment ago, too (R4). */
  leftOver(keyDigest: string): Promise<string[]> {
    return this.#unlisted(keyDigest, [this.#folders.lookAgain(0)]);
  }

  /**
   * Knows every file that was there before the call, and removes what was left half written. Returns how many files that were.
   * @throws ImageCacheError CACHE_DIR_UNSAFE
   */
  async scan(): Promise<number> {
    const { dir, store, now } = this.#options;
    await store.refresh();
    await this.#folders.look();
    await this.#measuring.running();
    await this.#measure();
    return sweepUnfinished(dir, this.#folders.unfinished(), now());
  }

  /** What the scan found: all, or one actor's. */
  *pathsOf(actorId: string | undefined): Generator<string> {
    const folder = actorId === undefined ? '' : `${actorFolder(actorId)}/`;
    for (const path of this.unclaimed.paths()) if (path.startsWith(`${IMAGES_DIR}/${folder}`)) yield path;
  }

  /** Hears of every change, from whichever process. */
  applied({ change }: AppliedChange): void {
    if ('entry' in change) this.unclaimed.forget(insidePath(change.entry.local_path) ?? '');
  }

  /** The manifest was lost or replaced: what it knew may be unclaimed now. */
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
    await within(MAX_WAIT_MS, Promise.allSettled(looks)); // a folder that is refused is so when it is written to
    this.#measureIfChanged();
    const { index } = this.#options.store;
    return [...this.#folders.pathsOf(keyDigest)].filter((path) => index.getByPath(path) === undefined);
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
      else logger.debug?.(`the scan was given up: ${String(error)}`);
    }
    if (!this.#closed.signal.aborted) this.#watcher.start(); // the folder may not have been there before
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

/** One `lstat` a folder where nothing has changed; the others are looked at on all the way. */
function readerOf(dir: string): FolderReader {
  return {
    statsOf: async (folder) => {
      const stats = await lstat(join(dir, folder)).catch(() => undefined);
      if (stats?.isSymbolicLink() === true) await lookAt(dir, folder); // which refuses it
      return stats?.isDirectory() === true ? stats : undefined;
    },
    list: (folder) => listFolder(dir, folder),
    open: (folder, bufferSize) => openFolder(dir, folder, bufferSize),
  };
}
