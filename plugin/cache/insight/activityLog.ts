import type { Activity } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { CachedImage } from '../store/imageStore.ts';

/** What is known of an answer when it is given. */
export type Answered = Omit<Activity, 'seq' | 'at'>;

/** Number of answers that are remembered. */
const MAX_REMEMBERED = 2000;
/** Number of answers in one reply. */
const MAX_SHOWN = 200;
/** Images whose hits in memory are counted between two questions. Hits of others are in the totals only. */
const MAX_COUNTED = 1000;
/** A page that has not asked for this long is gone. */
const WATCHED_MS = 10_000;

/**
 * The last answers of the cache. Those that had to wait for something are always recorded.
 *
 * Hits in memory are the hot path: nothing is recorded of them and no clock is read. While a page is watching they are counted for
 * each image, and the counts become one row an image when the page asks the next time.
 */
export class ActivityLog {
  readonly #now: () => number;
  readonly #watchedMs: number;
  /** The answer with the number `seq` is at `seq % MAX_REMEMBERED`. */
  readonly #answers: Activity[] = [];
  #seq = 0;
  /** Hits in memory since the last question; `undefined` while nobody is watching. */
  #hits: Map<ManifestEntry, number> | undefined;
  #watching: NodeJS.Timeout | undefined;

  constructor(now: () => number, watchedMs = WATCHED_MS) {
    this.#now = now;
    this.#watchedMs = watchedMs;
  }

  /** The number of the last answer. */
  get seq(): number {
    return this.#seq;
  }

  /** True while a page has asked within ten seconds. */
  get isWatched(): boolean {
    return this.#hits !== undefined;
  }

  record(answered: Answered, at: number = this.#now()): void {
    this.#seq += 1;
    this.#answers[this.#seq % MAX_REMEMBERED] = { seq: this.#seq, at, ...answered };
  }

  /** Counts a hit in memory, if a page is watching. This is on the hot path. */
  countHit({ entry, outcome }: CachedImage): void {
    const hits = this.#hits;
    if (hits === undefined || outcome === 'REVALIDATED') return; // S3 was asked, so it is recorded as an answer
    const count = hits.get(entry);
    if (count !== undefined || hits.size < MAX_COUNTED) hits.set(entry, (count ?? 0) + 1);
  }

  /** Returns the answers after this number, the oldest first, and watches from now on. @param seq `undefined`: the newest ones */
  poll(seq: number | undefined): { activity: Activity[]; dropped: number } {
    this.#watch();
    return this.since(seq);
  }

  /** Like {@link ActivityLog.poll}, but watches nothing. */
  since(seq: number | undefined): { activity: Activity[]; dropped: number } {
    // A number from before a restart may be too large.
    const after = seq === undefined || seq > this.#seq ? Math.max(0, this.#seq - MAX_SHOWN) : seq;
    const first = Math.max(after + 1, this.#seq - MAX_SHOWN + 1);
    const activity: Activity[] = [];
    for (let at = first; at <= this.#seq; at += 1) {
      const answer = this.#answers[at % MAX_REMEMBERED];
      if (answer !== undefined) activity.push(answer);
    }
    return { activity, dropped: this.#seq - after - activity.length };
  }

  /** The remembered answers of one image, the oldest first. */
  of(s3Url: string): Activity[] {
    return this.#answers.filter((answer) => answer?.s3_url === s3Url).toSorted((a, b) => a.seq - b.seq);
  }

  close(): void {
    clearTimeout(this.#watching);
    this.#hits = undefined;
  }

  #watch(): void {
    const counted = this.#hits ?? new Map<ManifestEntry, number>();
    this.#hits = new Map();
    for (const [{ s3_url, actor_id, size_bytes, last_used_at }, count] of counted) {
      this.record(
        { s3_url, actor_id, outcome: 'HIT', tier: 'memory', size_bytes, ...(count > 1 && { count }) },
        last_used_at,
      );
    }
    if (this.#watching === undefined) this.#watching = setTimeout(() => this.#unwatch(), this.#watchedMs).unref();
    else this.#watching.refresh();
  }

  #unwatch(): void {
    this.#watching = undefined;
    this.#hits = undefined;
  }
}
