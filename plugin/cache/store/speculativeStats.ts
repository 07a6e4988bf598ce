import type { SpeculativeLoadStats } from '../../protocol.ts';

/** Maximum number of images that are tracked. Further ones count neither as hit nor as evicted. */
const MAX_WAITING = 100_000;

/** Counts images that were fetched before they were requested: how many were requested later, and how many were evicted unused. */
export class SpeculativeStats {
  readonly #stats: SpeculativeLoadStats = { loaded: 0, bytes: 0, useful_bytes: 0, wasted_bytes: 0 };
  /** Size in bytes by key, for images that were not requested yet; the oldest first. */
  readonly #waiting = new Map<string, number>();

  get stats(): SpeculativeLoadStats {
    return { ...this.#stats };
  }

  /** Keys of images that were not requested yet, the oldest first. */
  waiting(): IterableIterator<string> {
    return this.#waiting.keys();
  }

  add(key: string, bytes: number): void {
    this.#stats.loaded += 1;
    this.#stats.bytes += bytes;
    this.#waiting.set(key, bytes);
    if (this.#waiting.size > MAX_WAITING) this.#take(this.#waiting.keys().next().value ?? key);
  }

  /** Notes that an image was requested. */
  hit(key: string): void {
    if (this.#waiting.size > 0) this.#stats.useful_bytes += this.#take(key);
  }

  /** Notes that an image is gone. */
  evicted(key: string): void {
    if (this.#waiting.size > 0) this.#stats.wasted_bytes += this.#take(key);
  }

  #take(key: string): number {
    const bytes = this.#waiting.get(key) ?? 0;
    this.#waiting.delete(key);
    return bytes;
  }
}
