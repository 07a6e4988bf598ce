import { LRUCache } from 'lru-cache';
import type { ThumbSize } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { insidePath, sha256 } from '../files/layout.ts';
import { readQuietly } from '../files/quietRead.ts';
import type { Limit } from '../queue/limit.ts';
import { NewestFirstQueue } from '../queue/newestFirstQueue.ts';
import { standAside } from '../queue/standAside.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { VariantMaker } from '../variants/variantMaker.ts';
import { VARIANT_TYPES } from '../variants/variantSpec.ts';

/** A small picture of an image. */
export interface Thumb {
  body: Buffer;
  contentType: string;
}

/** Bytes of thumbs that are kept in memory. They are never written to the disk. */
const KEPT_BYTES = 16_000_000;
/** Originals of at most this size are shown as they are, if no smaller picture can be made. */
const MAX_ORIGINAL_BYTES = 1_000_000;
/** Larger originals are not read. */
const MAX_READ_BYTES = 50_000_000;
const QUALITY = 70;
/** How long a thumb stands aside for images that pages wait for, at most. */
const MAX_YIELD_MS = 2000;

export interface ThumbsOptions {
  dir: string;
  memory: MemoryTier;
  maker: VariantMaker | undefined;
  /** For one thumb at a time. */
  limit: Limit;
  /** True while a page of the app waits for an image. */
  isBusy: () => boolean;
}

/**
 * Thumbs for those who only look: the original is read without a trace, one thumb is made at a time, the one that was asked for last
 * comes first, and images of the app go ahead.
 */
export class Thumbs {
  readonly #options: ThumbsOptions;
  readonly #kept = new LRUCache<string, Thumb>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ body }) => body.length + 500,
  });
  readonly #queue: NewestFirstQueue<Thumb | undefined>;

  constructor(options: ThumbsOptions) {
    this.#options = options;
    this.#queue = new NewestFirstQueue(options.limit);
  }

  /**
   * Returns `undefined` if there is no small picture of the image: its file is gone or damaged, or it is large and cannot be decoded.
   * @throws ImageCacheError OVERLOADED, or ABORTED when the requester has left
   */
  async get(entry: ManifestEntry, size: ThumbSize, signal: AbortSignal): Promise<Thumb | undefined> {
    const key = `${size} ${entry.sha256}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const thumb = await this.#queue.run({ key, signal, task: () => this.#make(entry, size) });
    if (thumb !== undefined) this.#kept.set(key, thumb);
    return thumb;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #make(entry: ManifestEntry, size: ThumbSize): Promise<Thumb | undefined> {
    const { maker, isBusy } = this.#options;
    await standAside(isBusy, MAX_YIELD_MS);
    const original = await this.read(entry);
    if (original === undefined) return undefined;
    const asIs =
      original.length <= MAX_ORIGINAL_BYTES ? { body: original, contentType: entry.content_type } : undefined;
    const { width = Infinity, height = Infinity } = entry;
    if (asIs !== undefined && Math.max(width, height) <= size) return asIs;
    if (maker === undefined || maker.obstacle(entry) !== undefined || !(await maker.isAvailable())) return asIs;
    const spec = {
      width: size,
      height: size,
      fit: 'inside',
      format: 'webp',
      quality: QUALITY,
      negotiated: true,
    } as const;
    const made = await maker.make(original, spec).catch(() => undefined);
    return made === undefined ? asIs : { body: made.bytes, contentType: VARIANT_TYPES[made.extension] };
  }

  /** The bytes of the original; `undefined` if they are gone, damaged, or very large. */
  async read({ local_path, sha256: digest }: ManifestEntry): Promise<Buffer | undefined> {
    const { dir, memory } = this.#options;
    const inMemory = memory.peek(digest);
    if (inMemory !== undefined) return inMemory;
    const bytes = await readQuietly(dir, insidePath(local_path) ?? '', MAX_READ_BYTES);
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
  }
}
