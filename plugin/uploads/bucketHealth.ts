import type { ItemError } from '../protocol.ts';
import type { UploadsClock } from './clock.ts';
import type { UploadFailure } from './uploadBucket.ts';

/** Between the tries of one picture. After the last of them it is failed. */
export const RETRY_DELAYS_MS = [2_000, 10_000, 60_000, 300_000, 900_000] as const;
/** First pause of the queue when nothing succeeds. Each further failure doubles it. */
const FIRST_PAUSE_MS = { unreachable: 1_000, transient: 2_000 };
const LONGEST_PAUSE_MS = 60_000;
/** Credentials, and the like, are looked at again so often. */
const BLOCKED_MS = 60_000;
/** A picture that is being deleted is tried again after so long. */
const HELD_MS = 5_000;

/** A delay, times 0.5 to 1.5, so that those who wait together do not come back together. */
function withJitter(ms: number, { random }: Pick<UploadsClock, 'random'>): number {
  return Math.round(ms * (0.5 + random()));
}

/**
 * Whether the bucket works, as far as the uploads tell. A picture is charged for a failure only if the bucket has taken another one
 * since, so that an outage, however long, fails nothing. While nothing succeeds, one picture at a time is tried, at growing intervals.
 */
export class BucketHealth {
  readonly #clock: UploadsClock;
  /** Failures since the last success. */
  #failures = 0;
  /** Uploads that got a failure as answer since the last success. It is not known yet whether they or the bucket are to blame. */
  readonly #suspects = new Set<string>();
  #pausedUntil = 0;
  #reason: { kind: 'blocked' | 'paused'; error: ItemError } | undefined;

  constructor(clock: UploadsClock) {
    this.#clock = clock;
  }

  /** How long nothing is to be tried. */
  get waitMs(): number {
    const wait = this.#pausedUntil - this.#clock.now();
    // No pause is longer: the clock was put back.
    return wait > 2 * LONGEST_PAUSE_MS ? 0 : Math.max(0, wait);
  }

  /** Whether the last answer was a failure. */
  get isDoubtful(): boolean {
    return this.#failures > 0;
  }

  /** What has to be put right first. */
  get blocked(): ItemError | undefined {
    return this.#reason?.kind === 'blocked' ? this.#reason.error : undefined;
  }

  /** Why nothing is tried at the moment. */
  get paused(): ItemError | undefined {
    return this.#reason?.kind === 'paused' ? this.#reason.error : undefined;
  }

  /** The bucket has taken a picture. @returns the uploads that it had refused before, which were to blame for that */
  succeeded(jobId: string): string[] {
    const guilty = [...this.#suspects].filter((suspect) => suspect !== jobId);
    this.#failures = 0;
    this.#suspects.clear();
    this.#pausedUntil = 0;
    this.#reason = undefined;
    return guilty;
  }

  /**
   * @param attempts how often the upload was charged before
   * @returns when the upload is to be tried again
   */
  failed(jobId: string, failure: UploadFailure, attempts: number): number {
    const { kind } = failure;
    const now = this.#clock.now();
    if (kind === 'refused') return now; // it says nothing of the others
    if (kind === 'held') return now + withJitter(HELD_MS, this.#clock); // nor does this
    this.#failures += 1;
    if (kind === 'blocked') {
      this.#pausedUntil = now + BLOCKED_MS;
      this.#reason = { kind: 'blocked', error: failure.toItem() };
      return this.#pausedUntil;
    }
    const delay = withJitter(RETRY_DELAYS_MS[attempts] ?? RETRY_DELAYS_MS[0], this.#clock);
    const own = now + Math.max(delay, failure.retryAfterMs ?? 0);
    if (kind === 'transient') this.#suspects.add(jobId);
    // One that was answered with a failure may be to blame itself.
    if (kind === 'transient' && this.#failures === 1 && failure.retryAfterMs === undefined) return own;
    const growing = Math.min(FIRST_PAUSE_MS[kind] * 2 ** Math.min(this.#failures - 1, 10), LONGEST_PAUSE_MS);
    this.#pausedUntil = now + Math.max(withJitter(growing, this.#clock), failure.retryAfterMs ?? 0);
    this.#reason = { kind: 'paused', error: failure.toItem() };
    return kind === 'unreachable' ? this.#pausedUntil : own;
  }

  /** Ends the pause, because a user wants an upload to be tried at once. */
  retryNow(): void {
    this.#pausedUntil = 0;
  }
}
