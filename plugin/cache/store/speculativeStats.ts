import type { ForesightStats } from '../../protocol.ts';

/** What nobody asked for is forgotten beyond so many, and counts neither way. */
const MAX_WAITING = 100_000;

/** Counts what was fetched before anybody asked for it: whether somebody did, or whether it went for nothing. */
export class SpeculativeStats {
  readonly #stats: ForesightStats = { loaded: 0, bytes: 0, useful_bytes: 0, wasted_bytes: 0 };
  /** Bytes by key, of what nobody has asked for yet; the oldest first. */
  readonly #waiting = new Map<string, number>();

  get stats(): ForesightStats {
    return { ...this.#stats };
  }

  /** What nobody has asked for yet, the oldest first. */
  waiting(): IterableIterator<string> {
    return this.#waiting.keys();
  }

  add(key: string, bytes: number): void {
    this.#stats.loaded += 1;
    this.#stats.bytes += bytes;
    this.#waiting.set(key, bytes);
    if (this.#waiting.size > MAX_WAITING) this.#take(this.#waiting.keys().next().value ?? key);
  }

  /** Somebody asked for it. */
  hit(key: string): void {
    if (this.#waiting.size > 0) this.#stats.useful_bytes += this.#take(key);
  }

  /** It is not there any more. */
  evicted(key: string): void {
    if (this.#waiting.size > 0) this.#stats.wasted_bytes += this.#take(key);
  }

  #take(key: string): number {
    const bytes = this.#waiting.get(key) ?? 0;
    this.#waiting.delete(key);
    return bytes;
  }
}
