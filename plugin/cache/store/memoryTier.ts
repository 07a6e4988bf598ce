import { LRUCache } from 'lru-cache';
import { SpeculativeStats } from './speculativeStats.ts';

/** Approximate memory that an image costs besides its bytes. */
const OVERHEAD_BYTES = 1024;

/**
 * The memory tier: complete images by the SHA-256 of their bytes. Images that were not requested yet are evicted first, then
 * the least recently used.
 */
export class MemoryTier {
  readonly maxBytes: number;
  /** Images that are here but were not requested yet. */
  readonly preloaded = new SpeculativeStats();
  readonly #images: LRUCache<string, Buffer> | undefined;

  /** @param maxBytes 0 for no memory tier at all */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#images =
      maxBytes === 0
        ? undefined
        : new LRUCache<string, Buffer>({
            maxSize: maxBytes,
            // One huge image must not evict a hundred others.
            maxEntrySize: Math.max(1, Math.floor(maxBytes / 4)),
            sizeCalculation: (body) => body.length + OVERHEAD_BYTES,
            dispose: (_, sha256, reason) => {
              if (reason !== 'set') this.preloaded.evicted(sha256);
            },
          });
  }

  get entries(): number {
    return this.#images?.size ?? 0;
  }

  get bytes(): number {
    return this.#images?.calculatedSize ?? 0;
  }

  has(sha256: string): boolean {
    return this.#images?.has(sha256) === true;
  }

  /** True if an image can be kept without evicting another one. */
  hasRoomFor(bytes: number): boolean {
    const size = bytes + OVERHEAD_BYTES;
    return size <= (this.#images?.maxEntrySize ?? 0) && this.bytes + size <= this.maxBytes;
  }

  /** Like {@link MemoryTier.get}, but does not count as a use. */
  peek(sha256: string): Buffer | undefined {
    return this.#images?.peek(sha256);
  }

  get(sha256: string): Buffer | undefined {
    return this.#images?.get(sha256);
  }

  set(sha256: string, body: Buffer): void {
    if (!this.has(sha256)) {
      for (const digest of this.preloaded.waiting()) {
        if (this.hasRoomFor(body.length)) break;
        this.#images?.delete(digest);
      }
    }
    this.#images?.set(sha256, body);
  }

  /** Keeps an image that was not requested yet, if there is free room. */
  preload(sha256: string, body: Buffer): void {
    if (this.has(sha256) || !this.hasRoomFor(body.length)) return;
    this.#images?.set(sha256, body);
    this.preloaded.add(sha256, body.length);
  }

  delete(sha256: string): void {
    this.#images?.delete(sha256);
  }
}
