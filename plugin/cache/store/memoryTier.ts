import { LRUCache } from 'lru-cache';
import { SpeculativeStats } from './speculativeStats.ts';

/** What an image costs besides its bytes, roughly. */
const OVERHEAD_BYTES = 1024;

/**
 * The memory tier: whole images by the SHA-256 of their bytes. Those that nobody has asked for yet leave first, then the least
 * recently used.
 */
export class MemoryTier {
  readonly maxBytes: number;
  /** What is here before anybody asked for it. */
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
            // One huge image must not push out a hundred others.
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

  /** Whether an image can be kept without another one leaving. */
  hasRoomFor(bytes: number): boolean {
    const size = bytes + OVERHEAD_BYTES;
    return size <= (this.#images?.maxEntrySize ?? 0) && this.bytes + size <= this.maxBytes;
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

  /** Keeps an image that nobody has asked for yet, if there is free room. */
  preload(sha256: string, body: Buffer): void {
    if (this.has(sha256) || !this.hasRoomFor(body.length)) return;
    this.#images?.set(sha256, body);
    this.preloaded.add(sha256, body.length);
  }

  delete(sha256: string): void {
    this.#images?.delete(sha256);
  }
}
