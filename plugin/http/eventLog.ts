import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { CacheWatcher } from '../cache/index.ts';
import type { CacheEvent, ManifestEntry } from '../protocol.ts';
import { publicEvent } from './publicEntry.ts';

/** One event that readers are told of. */
export interface LoggedEvent {
  number: number;
  /** `undefined`: about too much to be told; readers look again. */
  event: CacheEvent | undefined;
  /** What the event is about, for whoever must not show it to everybody. */
  entries: readonly ManifestEntry[];
}

/** Events kept for readers that are slow, or were away. */
const MAX_EVENTS = 256;
/** URLs in one event: about 50 kB. */
const MAX_URLS = 500;

/**
 * The newest events of a cache. Readers come and take what is new to them, so a slow one costs no memory of its own: it
 * falls behind the log and is told to look again.
 */
export class EventLog implements CacheWatcher {
  /** A restarted server counts from zero again, which nobody must mistake for the same events. */
  readonly #instance = randomUUID();
  readonly #secret = randomBytes(32);
  readonly #events: LoggedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #last = 0;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The number of the newest event. */
  get last(): number {
    return this.#last;
  }

  changed(event: CacheEvent, entries: readonly ManifestEntry[]): void {
    this.#last += 1;
    this.#events.push({
      number: this.#last,
      event: shortened(publicEvent(event)),
      entries: entries.slice(0, MAX_URLS),
    });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#wakeAll();
  }

  closed(): void {
    this.#isClosed = true;
    this.#wakeAll();
  }

  /** What came after an event; `undefined` when some of it is forgotten. */
  after(number: number): readonly LoggedEvent[] | undefined {
    const missing = this.#last - number;
    if (missing > this.#events.length) return undefined;
    return missing === 0 ? [] : this.#events.slice(-missing);
  }

  /** Resolves when there is something new, when the log is closed, and when the signal is aborted. */
  more(signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** The name of an event in the `id` field. It does not count: a reader must not see how many events were kept from it (S15). */
  idOf(number: number): string {
    const name = createHmac('sha256', this.#secret).update(String(number)).digest('base64url').slice(0, 22);
    return `${this.#instance}.${name}`;
  }

  /** The number of an event that is not forgotten yet; `undefined` for what some other server, or the one before a restart, has sent. */
  numberOf(id: string): number | undefined {
    if (!id.startsWith(`${this.#instance}.`)) return undefined;
    for (let number = this.#last; number >= this.#last - this.#events.length; number -= 1) {
      if (this.idOf(number) === id) return number;
    }
    return undefined;
  }

  #wakeAll(): void {
    for (const wake of Array.from(this.#waiting)) wake();
  }
}

function shortened(event: CacheEvent): CacheEvent | undefined {
  if (event.type === 'stored' || event.s3_urls.length <= MAX_URLS) return event;
  // Of everything it is enough to say so.
  return event.type === 'cleared' && event.actor_id === undefined ? { ...event, s3_urls: [] } : undefined;
}
