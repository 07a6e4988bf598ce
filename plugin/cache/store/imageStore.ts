import type { CacheOutcome, CacheTier, ManifestEntry, Urgency } from '../../protocol.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { fileError } from '../files/fileError.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import { listingOf } from '../manifest/listingOf.ts';
import type { AppliedChange, ManifestStore } from '../manifest/manifestStore.ts';
import { SingleFlight } from '../queue/singleFlight.ts';
import type { MemoryTier } from './memoryTier.ts';

/** A file whose bytes this process has checked, and which has not changed since. */
export interface CheckedFile {
  /** Inside the cache directory. */
  path: string;
  size: number;
}

/** Who reads an image. */
export interface Reader {
  /** Whether the requester can have files sent: then a checked file is not read, and is returned in place of the bytes. @default false */
  asFile?: boolean | undefined;
}

export interface CachedImage {
  entry: ManifestEntry;
  /** Empty if the requester has the bytes already, or if there is a `file`. */
  body: Buffer;
  /** Has the bytes; only for a requester that can have files sent. */
  file?: CheckedFile | undefined;
  /** Where the bytes came from this time. */
  tier: CacheTier;
  /** Set if S3 was, or will be, asked whether the image has changed. */
  outcome?: Extract<CacheOutcome, 'STALE' | 'REVALIDATED'>;
}

/** How many bytes are sent of an image; 0 if the requester has them already. */
export function sentBytes({ body, file }: Pick<CachedImage, 'body' | 'file'>): number {
  return file?.size ?? body.length;
}

export interface ImageStoreOptions {
  store: ManifestStore;
  blobs: BlobStore;
  memory: MemoryTier;
  warn: (message: string) => void;
}

const NO_BYTES = Buffer.alloc(0);

/** Reads the bytes of manifest entries: memory first, then disk. */
export class ImageStore implements CachePart {
  readonly #options: ImageStoreOptions;
  /** Reads each file once at a time for all requests. */
  readonly #reading = new SingleFlight<Buffer | undefined>();
  /** Looks at each file once at a time for all requests. */
  readonly #checking = new SingleFlight<string | undefined>();
  /** Number of file reads that a request is waiting for. */
  #awaited = 0;

  constructor(options: ImageStoreOptions) {
    this.#options = options;
  }

  /** True while a request is waiting for a file. */
  get isBusy(): boolean {
    return this.#awaited > 0;
  }

  /** Reads from memory only. */
  peek(entry: ManifestEntry): CachedImage | undefined {
    const body = this.#options.memory.get(entry.sha256);
    return body === undefined ? undefined : { entry, body, tier: 'memory' };
  }

  /** Reads from memory or disk. An entry whose file is gone or damaged is dropped, and the result is `undefined`. */
  async read(entry: ManifestEntry): Promise<CachedImage | undefined> {
    const inMemory = this.peek(entry);
    if (inMemory !== undefined) return inMemory;
    const body = await this.#readAwaited(entry);
    if (body !== undefined) return { entry, body, tier: 'disk' };
    await this.#drop(entry);
    return undefined;
  }

  /** Like {@link ImageStore.read}, for a requester that may be able to have the file sent. */
  async readFor(entry: ManifestEntry, { asFile = false }: Reader): Promise<CachedImage | undefined> {
    const check = () => this.#options.blobs.checkedPath(entry);
    const path = asFile ? await this.#checking.run(check, entry.local_path) : undefined;
    if (path === undefined) return this.read(entry);
    return { entry, body: NO_BYTES, file: { path, size: entry.size_bytes }, tier: 'disk' };
  }

  /** Reads an image into free room of the memory tier. An entry whose file is gone or damaged is dropped. */
  async preload(entry: ManifestEntry): Promise<void> {
    const body = await this.#readDisk(entry);
    if (body === undefined) await this.#drop(entry);
    else if (this.#isCurrent(entry)) this.#options.memory.preload(entry.sha256, body);
  }

  /** Keeps a download in memory. A long prefetch must not evict images that are being viewed. */
  keep({ entry, size, body }: { entry: ManifestEntry; size: number; body: () => Buffer }, urgency: Urgency): void {
    const { memory } = this.#options;
    if (urgency === 'visible' || memory.bytes + size < memory.maxBytes) this.#remember(entry, body());
  }

  /** Removes the files of entries that are no longer in the manifest. */
  async remove(entries: readonly ManifestEntry[]): Promise<void> {
    const { store, blobs } = this.#options;
    const removal = blobs.removeUnlessListed(entries, listingOf(store));
    await removal.catch((error: unknown) => Promise.reject(fileError(error)));
  }

  /** True if the file of an entry exists. If it is gone, the entry is dropped. */
  async isThere(entry: ManifestEntry): Promise<boolean> {
    const { store, blobs } = this.#options;
    if (await blobs.has(entry)) return true;
    await this.#drop(entry);
    return store.index.get(entry.s3_url) === entry;
  }

  applied({ removed }: AppliedChange): void {
    this.lost(removed);
  }

  lost(gone: readonly ManifestEntry[]): void {
    for (const entry of gone) this.#options.memory.delete(entry.sha256);
  }

  async #readAwaited(entry: ManifestEntry): Promise<Buffer | undefined> {
    this.#awaited += 1;
    try {
      const body = await this.#readDisk(entry);
      if (body !== undefined) this.#remember(entry, body);
      return body;
    } finally {
      this.#awaited -= 1;
    }
  }

  #readDisk(entry: ManifestEntry): Promise<Buffer | undefined> {
    return this.#reading.run(() => this.#readOnce(entry), entry.local_path);
  }

  async #readOnce(entry: ManifestEntry): Promise<Buffer | undefined> {
    try {
      return await this.#options.blobs.read(entry);
    } catch (error) {
      throw fileError(error);
    }
  }

  #remember(entry: ManifestEntry, body: Buffer): void {
    if (this.#isCurrent(entry)) this.#options.memory.set(entry.sha256, body);
  }

  /** False if the image was cleared, or replaced by other bytes, while it was read. */
  #isCurrent({ s3_url, sha256 }: ManifestEntry): boolean {
    return this.#options.store.index.get(s3_url)?.sha256 === sha256;
  }

  async #drop(entry: ManifestEntry): Promise<void> {
    const { store, blobs, warn } = this.#options;
    await store.refresh();
    if (store.index.get(entry.s3_url) !== entry) return; // another process cleared it, and may have stored it again
    // Another process that had removed an earlier file of this name may have taken this one for a moment.
    if (!blobs.wasDamaged(entry) && (await blobs.has(entry))) return;
    warn(`${entry.local_path} was missing or damaged; it will be fetched again.`);
    const cause = blobs.wasDamaged(entry) ? 'damaged' : undefined;
    await store.append({ op: 'delete', keys: [entry.s3_url], reason: 'missing', cause });
  }
}
