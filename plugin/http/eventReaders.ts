import { ImageCacheError } from '../errors.ts';

/** Readers at a time; each has an open socket. A browser is one reader, however many tabs it has. */
const MAX_READERS = 1_000;
/** How long a reader may stay before a newer reader of its own address can replace it. */
const MIN_STAY_MS = 30_000;
const RETRY_AFTER_MS = 30_000;

interface Reader {
  since: number;
  /** Ends the answer. The EventSource reconnects by itself and gets the events that it missed. */
  drop(): void;
}

/**
 * The readers of events that are connected now. There is one limit for all of them, and none for each address, because behind a
 * reverse proxy all readers have the proxy's address, and the addresses that a proxy reports are not trusted. Instead, when the
 * limit is reached, the oldest reader of the address with the most readers is dropped: at once for a reader of an address that has
 * fewer, so that no client can keep others out by opening a thousand connections; for a reader of the same address only if the
 * oldest one was there for half a minute.
 *
 * Limit: behind a proxy, one client can still keep out others for half a minute at a time. Let the proxy limit connections.
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
   * Admits a reader, and drops another one for it if necessary.
   * @returns a function to call when the reader has left
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
