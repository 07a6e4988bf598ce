import { ImageCacheError } from '../errors.ts';

/** Readers at a time; each holds a socket. A browser is one, however many tabs it has. */
const MAX_READERS = 1_000;
/** How long a reader stays at least when another one of its own address wants its place. */
const MIN_STAY_MS = 30_000;
const RETRY_AFTER_MS = 30_000;

interface Reader {
  since: number;
  /** Ends the answer; its EventSource comes back by itself, and is told what it missed. */
  drop(): void;
}

/**
 * Who reads events at the moment. There is a limit for all of them and none for one address, since behind a reverse proxy all
 * have the proxy's; what a proxy says of an address behind it is not believed. Instead, when the limit is reached, the
 * address with the most readers gives up its oldest one: at once to an address that has fewer, so that no client can
 * keep others out by opening a thousand, and to its own newest when the oldest was there for half a minute.
 *
 * Limit: behind a proxy, one client can still crowd out others for half a minute at a time; let the proxy limit connections.
 */
export class EventReaders {
  readonly #byAddress = new Map<string, Set<Reader>>();
  readonly #max: number;
  readonly #now: () => number;
  #count = 0;

  /** @param now milliseconds, from any start */
  constructor(max: number = MAX_READERS, now: () => number = () => performance.now()) {
    this.#max = max;
    this.#now = now;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Admits a reader, and drops another one for it if need be.
   * @returns what is to be called when the reader has left
   * @throws ImageCacheError OVERLOADED
   */
  admit(address: string, drop: () => void): () => void {
    if (this.#count >= this.#max) this.#makeRoom(address);
    const reader = { since: this.#now(), drop };
    const readers = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, readers.add(reader));
    this.#count += 1;
    return () => this.#remove(address, reader);
  }

  #makeRoom(address: string): void {
    let largest: [address: string, readers: ReadonlySet<Reader>] | undefined;
    for (const each of this.#byAddress) if (each[1].size > (largest?.[1].size ?? 0)) largest = each;
    const [holder, readers = new Set<Reader>()] = largest ?? [];
    const [oldest] = readers; // a set keeps the order in which they came
    const isFair = (this.#byAddress.get(address)?.size ?? 0) < readers.size;
    if (holder === undefined || oldest === undefined || !(isFair || this.#now() - oldest.since >= MIN_STAY_MS)) {
      throw new ImageCacheError('OVERLOADED', 'Too many readers of events.', { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#remove(holder, oldest);
    oldest.drop();
  }

  #remove(address: string, reader: Reader): void {
    const readers = this.#byAddress.get(address);
    if (readers?.delete(reader) !== true) return; // it was dropped before it left
    this.#count -= 1;
    if (readers.size === 0) this.#byAddress.delete(address);
  }
}
