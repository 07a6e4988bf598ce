import type { MissReason } from './inspectorProtocol.ts';
import type { CacheOutcome, CacheTier, ErrorCode } from './protocol.ts';

/**
 * A step that a request for an image may wait for. In the order in which they happen:
 * - `authorize`: the app's hook.
 * - `read`: reading a file from the local disk.
 * - `find`: looking for the image in memory, on disk, in other processes and in `fallbackDirs`, without finding it.
 * - `queue`: waiting for other downloads.
 * - `throttle`: waiting because the origin asked to slow down.
 * - `sign`: getting credentials and, before the first download, importing the AWS SDK.
 * - `retry`: attempts that failed, and the waits after them.
 * - `connect`: getting a free socket, DNS, TCP and TLS. Almost nothing if a connection is already open.
 * - `first-byte`: from the request to the head of the origin's answer.
 * - `body`: receiving the bytes.
 * - `store`: checking the image, writing it and adding it to the manifest.
 * - `variant`: making another size or format.
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

/** Call it at the end of a step. */
export type Mark = (step: Step) => void;

/** Measures where the time of one request goes. It is passed on to everything that the request waits for. */
export class Timeline {
  readonly #now: () => number;
  readonly #started: number;
  readonly #steps = new Map<Step, number>();
  #last: number;

  /** @param now milliseconds, from any start @param started when the request arrived, by the same clock */
  constructor(now: () => number = () => performance.now(), started: number = now()) {
    this.#now = now;
    this.#started = started;
    this.#last = started;
  }

  /** Adds the time since the last mark to the step. */
  mark(step: Step): void {
    const now = this.#now();
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + now - this.#last);
    this.#last = now;
  }

  /** True if no step was marked so far. */
  get isEmpty(): boolean {
    return this.#steps.size === 0;
  }

  /** Milliseconds since the request arrived. */
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
 * Where the time of one request for an image went. It is published on the channel `vite-plugin-image-cache:image` of
 * `node:diagnostics_channel` for every request that had to wait for something. A hit in memory is not published, unless
 * `authorize` was called. Contains no signed URL.
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
  /** Where the bytes came from; absent if the request failed. */
  tier?: CacheTier;
  /** Why the image was not in the cache; absent if it was, or if the request failed. */
  reason?: MissReason;
  /** Bytes of the image; absent if the request failed. */
  size_bytes?: number;
  /** Why the request failed; absent if it did not. */
  code?: ErrorCode;
  /** Milliseconds from the request to the answer; for a download that was sent on while it arrived, to its end. */
  duration_ms: number;
  /** Milliseconds of each step. The step in which a request failed is missing: it took the rest of `duration_ms`. */
  steps: Partial<Record<Step, number>>;
}
