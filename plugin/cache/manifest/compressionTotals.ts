import type { CompressionStats, ManifestEntry } from '../../protocol.ts';

/** Bytes saved by compression on the images in the cache, updated as entries come and go. */
export class CompressionTotals {
  #images = 0;
  #originalBytes = 0;
  #storedBytes = 0;

  get stats(): CompressionStats {
    return {
      images: this.#images,
      original_bytes: this.#originalBytes,
      stored_bytes: this.#storedBytes,
      saved_bytes: this.#originalBytes - this.#storedBytes,
    };
  }

  add(entry: ManifestEntry): void {
    this.#count(entry, 1);
  }

  remove(entry: ManifestEntry): void {
    this.#count(entry, -1);
  }

  clear(): void {
    this.#images = 0;
    this.#originalBytes = 0;
    this.#storedBytes = 0;
  }

  #count({ original_size_bytes, size_bytes }: ManifestEntry, sign: 1 | -1): void {
    if (original_size_bytes === undefined) return;
    this.#images += sign;
    this.#originalBytes += sign * original_size_bytes;
    this.#storedBytes += sign * size_bytes;
  }
}
