import type { Limit } from '../queue/limit.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { imagePath } from '../files/layout.ts';
import { IdleQueue } from '../queue/idleQueue.ts';
import type { Inspector } from '../injected/inspector.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { Committer } from '../store/commit.ts';
import type { ImageStore } from '../store/imageStore.ts';
import type { VariantMaker } from './variantMaker.ts';

export interface CompressorOptions {
  store: ManifestStore;
  blobs: BlobStore;
  memory: MemoryTier;
  imageStore: ImageStore;
  committer: Committer;
  inspect: Inspector;
  /** `undefined`: images stay as they came. */
  maker: VariantMaker | undefined;
  /** Limits how many pictures are decoded and encoded at a time. */
  limit: Limit;
  idleMs: number | undefined;
  fsync: boolean;
  logger: CacheLogger;
  /** Called with each entry that has replaced the one of its original. */
  compressed: (entry: ManifestEntry) => void;
}

/** Bytes that are hashed at once while the file is written, so that other work need not wait for all of them. */
const CHUNK_BYTES = 1 << 20;

/**
 * Replaces stored images by smaller ones that look the same, one at a time, when the server is idle. So a download never waits
 * for compression, and a process that is killed leaves a complete image, either the old or the new one.
 */
export class Compressor implements CachePart {
  readonly #options: CompressorOptions;
  readonly #queue: IdleQueue;

  constructor(options: CompressorOptions) {
    this.#options = options;
    this.#queue = new IdleQueue({
      isAvailable: () => this.#isAvailable(),
      work: (key) => this.#work(key),
      idleMs: options.idleMs,
    });
  }

  /** Schedules the compression of an image. Costs nothing for an image that is compressed. */
  add(entry: ManifestEntry): void {
    if (this.#options.maker?.canCompress(entry.content_type) === true) this.#queue.add(entry);
  }

  /** Resolves when the last compressed image is stored. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  async #isAvailable(): Promise<boolean> {
    const { maker, logger } = this.#options;
    const isAvailable = (await maker?.isAvailable()) === true;
    if (!isAvailable) logger.warn("Images are stored as they came: `store: 'webp'` needs sharp. npm install sharp");
    return isAvailable;
  }

  async #work(key: string): Promise<void> {
    const { store, limit, logger } = this.#options;
    const entry = store.index.get(key);
    if (entry === undefined) return;
    this.#queue.tried(entry.sha256);
    try {
      const bytes = await limit(() => this.#compress(entry));
      if (bytes === undefined || this.#queue.isClosed) return;
      await this.#exchange(entry, bytes);
      this.#queue.retry(entry.sha256); // when another image has the same bytes, or this one is fetched again
    } catch (error) {
      logger.debug?.(`${entry.local_path} stays as it came: ${String(error)}`);
    }
  }

  async #compress(entry: ManifestEntry): Promise<Buffer | undefined> {
    const { blobs, memory, maker } = this.#options;
    const original = memory.get(entry.sha256) ?? (await blobs.read(entry));
    return original === undefined ? undefined : maker?.compress(original);
  }

  async #exchange({ s3_url: key, sha256, actor_id }: ManifestEntry, bytes: Buffer): Promise<void> {
    const { store, blobs, memory, imageStore, committer, inspect, fsync, compressed } = this.#options;
    const { contentType, extension, width, height } = inspect(bytes, 'announced');
    const write = committer.begin(key, actor_id);
    const writer = await blobs.createWriter();
    try {
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) await writer.write([bytes.subarray(at, at + CHUNK_BYTES)]);
      const blob = await writer.finish(fsync);
      await store.refresh(); // another process may have cleared the image meanwhile, or revalidated it
      const known = store.index.get(key);
      if (known?.sha256 !== sha256) return;
      const entry: ManifestEntry = {
        ...known,
        local_path: imagePath({ actorId: known.actor_id, key, sha256: blob.sha256, extension }),
        size_bytes: blob.size,
        sha256: blob.sha256,
        content_type: contentType,
        ...(width !== undefined && height !== undefined && { width, height }),
        original_sha256: sha256,
        original_size_bytes: known.size_bytes,
      };
      const wasInMemory = memory.has(sha256);
      const commit = await committer.replace(write, { known, entry, blob });
      if (commit.status !== 'stored') return;
      if (wasInMemory) imageStore.keep({ entry, size: bytes.length, body: () => bytes }, 'visible');
      compressed(commit.entry);
    } finally {
      committer.end(write);
      await writer.discard();
    }
  }
}
