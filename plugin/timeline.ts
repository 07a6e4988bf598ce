import type { CacheOutcome, CacheTier, ErrorCode } from './protocol.ts';

/**
 * What a request for an image can have waited for, in the order in which it happens:
 * - `authorize`: for the app's hook.
 * - `read`: for a file of this disk.
 * - `find`: until it was clear that neither memory nor the disk, other processes nor the `fallbackDirs` have it.
 * - `queue`: for its turn among other downloads.
 * - `throttle`: because the origin had asked to slow down.
 * - `sign`: for credentials, and before the first download for the AWS SDK to be imported.
 * - `retry`: for attempts that failed, and the waits after them.
 * - `connect`: for a free socket, DNS, TCP and TLS; almost nothing on a connection that is open already.
 * - `first-byte`: from the request to the head of the origin's answer.
 * - `body`: for the bytes.
 * - `store`: to be checked, written and entered in the manifest.
 * - `variant`: for another size or format to be made.
 */
export type Step =
  | 'authorize'
  | 'read'
  | 'find'
  | 'queue'
  | 'throttle'
  | 'sign'
  | 'retry'
  | 'connect'
  | 'first-byte'
  | 'body'
  | 'store'
  | 'variant';

/** Says that a step has come to its end. */
export type Mark = (step: Step) => void;

/** Where the time of one request went. It is handed down to whatever the request has to wait for. */
export class Timeline {
  readonly #now: () => number;
  readonly #started: number;
  readonly #steps = new Map<Step, number>();
  #last: number;

  /** @param now milliseconds, from any start @param started when the request came, by the same clock */
  constructor(now: () => number = () => performance.now(), started: number = now()) {
    this.#now = now;
    this.#started = started;
    this.#last = started;
  }

  /** The time since the last mark was that of the step; a step that comes more than once is added up. */
  mark(step: Step): void {
    const now = this.#now();
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + now - this.#last);
    this.#last = now;
  }

  /** Whether nothing was waited for so far. */
  get isEmpty(): boolean {
    return this.#steps.size === 0;
  }

  /** Milliseconds since the request came. */
  get elapsed(): number {
    return this.#now() - this.#started;
  }

  /** Milliseconds of each step so far, in the order in which they came first. */
  get steps(): Partial<Record<Step, number>> {
    return Object.fromEntries(this.#steps);
  }

  /** For a log, with the steps that took a millisecond or more: `queue 430, connect 22, first byte 310`. */
  toString(): string {
    const steps = [...this.#steps].filter(([, ms]) => ms >= 1);
    return steps.map(([step, ms]) => `${step.replace('-', ' ')} ${Math.round(ms)}`).join(', ');
  }

  /** For the header `Server-Timing` (W3C): `, queue;dur=430.2, connect;dur=22.0`; empty without steps. */
  toServerTiming(): string {
    return Array.from(this.#steps, ([step, ms]) => `, ${step};dur=${ms.toFixed(1)}`).join('');
  }
}

/**
 * Where the time of one request for an image went: published on the channel `vite-plugin-image-cache:image` of
 * `node:diagnostics_channel` for every image that was waited for. An image in memory is not, unless `authorize` was asked. Holds
 * no signed URL.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import type { ImageTiming } from 'vite-plugin-image-cache/express';
 *
 * subscribe('vite-plugin-image-cache:image', (message) => {
 *   const { outcome, duration_ms, steps } = message as ImageTiming;
 *   console.log(outcome, duration_ms, steps);
 * });
 * ```
 */
export interface ImageTiming {
  /** Canonical and unsigned, as in the manifest. */
  s3_url: string;
  outcome: CacheOutcome | 'FAILED';
  /** Where the bytes came from; absent for a failure. */
  tier?: CacheTier;
  /** Bytes of the image; absent for a failure. */
  size_bytes?: number;
  /** Why it could not be had; absent for all others. */
  code?: ErrorCode;
  /** Milliseconds from the request to the answer; of a download that was sent on while it arrived, to its end. */
  duration_ms: number;
  /** Milliseconds of what was waited for. What they lack of `duration_ms` was the step that a failure ended. */
  steps: Partial<Record<Step, number>>;
}
