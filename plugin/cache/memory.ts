import { LRUCache } from 'lru-cache';

/** What an image costs besides its bytes, roughly. */
const OVERHEAD_BYTES = 1024;

/** The memory tier: whole images by the SHA-256 of their bytes, the least recently used leave first. */
export class MemoryTier {
  readonly maxBytes: number;
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
          });
  }

  get entries(): number {
    return this.#images?.size ?? 0;
  }

  get bytes(): number {
    return this.#images?.calculatedSize ?? 0;
  }

  get(sha256: string): Buffer | undefined {
    return this.#images?.get(sha256);
  }

  set(sha256: string, body: Buffer): void {
    this.#images?.set(sha256, body);
  }

  delete(sha256: string): void {
    this.#images?.delete(sha256);
  }
}
