import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { CacheWatcher } from '../cache/index.ts';
import type { CacheEvent, ManifestEntry } from '../protocol.ts';
import { publicEvent } from './publicEntry.ts';

/** One event in the log. */
export interface LoggedEvent {
  number: number;
  /** `undefined`: it concerns too many images to list them; readers must look again. `recovered` is no change: readers try again. */
  event: CacheEvent | 'recovered' | undefined;
  /** The images that the event is about, to check whether a reader may see it. */
  entries: readonly ManifestEntry[];
}

/** Events that are kept for readers that are slow, or were disconnected. */
const MAX_EVENTS = 256;
/** URLs in one event; together about 50 kB. */
const MAX_URLS = 500;

/**
 * The newest events of a cache. Readers fetch the events that are new to them, so a slow reader needs no memory of its own: when
 * the log has dropped an event that it has not read, it must look again.
 */
export class EventLog implements CacheWatcher {
  /** Part of each id: a restarted server counts from zero again, and its events must not be mistaken for the earlier ones. */
  readonly #instance = randomUUID();
  readonly #secret = randomBytes(32);
  readonly #events: LoggedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #last = 0;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether there are readers. A reader that is slow, or reconnects, gets its events later. */
  get isHeard(): boolean {
    return this.#waiting.size > 0;
  }

  /** The number of the newest event. */
  get last(): number {
    return this.#last;
  }

  changed(event: CacheEvent, entries: readonly ManifestEntry[]): void {
    this.#add(shortened(publicEvent(event)), entries.slice(0, MAX_URLS));
  }

  recovered(): void {
    this.#add('recovered', []);
  }

  closed(): void {
    this.#isClosed = true;
    this.#wakeAll();
  }

  /** The events after this one; `undefined` if some of them were dropped. */
  after(number: number): readonly LoggedEvent[] | undefined {
    const missing = this.#last - number;
    if (missing > this.#events.length) return undefined;
    return missing === 0 ? [] : this.#events.slice(-missing);
  }

  /** Resolves when there is a new event, when the log is closed, and when the signal is aborted. */
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

  /** The `id` of an event. It is not a count, so that a reader cannot see how many events it was not shown (S15). */
  idOf(number: number): string {
    const name = createHmac('sha256', this.#secret).update(String(number)).digest('base64url').slice(0, 22);
    return `${this.#instance}.${name}`;
  }

  /** The number of an event that is still in the log; `undefined` for an id of another server, or from before a restart. */
  numberOf(id: string): number | undefined {
    if (!id.startsWith(`${this.#instance}.`)) return undefined;
    for (let number = this.#last; number >= this.#last - this.#events.length; number -= 1) {
      if (this.idOf(number) === id) return number;
    }
    return undefined;
  }

  #add(event: LoggedEvent['event'], entries: readonly ManifestEntry[]): void {
    this.#last += 1;
    this.#events.push({ number: this.#last, event, entries });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of Array.from(this.#waiting)) wake();
  }
}

function shortened(event: CacheEvent): CacheEvent | undefined {
  if (event.type === 'stored' || event.s3_urls.length <= MAX_URLS) return event;
  // If everything was cleared, the event need not list it.
  return event.type === 'cleared' && event.actor_id === undefined ? { ...event, s3_urls: [] } : undefined;
}
