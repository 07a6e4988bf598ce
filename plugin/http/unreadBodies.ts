import type { ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { STALLED_MS, cutOff, cutOffWhenStalled } from './cutOff.ts';

export interface UnreadBodiesOptions {
  /** All bodies together. @default 512 MB */
  maxBytes?: number;
  /** How long a reader may take nothing. @default 60,000 */
  stalledMs?: number;
}

/** Below this a body is sent in any case: what a socket takes at once costs nothing, and small ones are most. */
const LARGE_BYTES = 1 << 20;
const RETRY_AFTER_MS = 1000;

/**
 * What has been answered and not been read, images and all other answers. Each such body is held in memory by its socket, and
 * a reader that stops reading would hold it for ever.
 */
export class UnreadBodies {
  readonly #maxBytes: number;
  readonly #stalledMs: number;
  #bytes = 0;

  constructor({ maxBytes = 512 << 20, stalledMs = STALLED_MS }: UnreadBodiesOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#stalledMs = stalledMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** To be asked before a body is sent. @throws ImageCacheError OVERLOADED while others have to be read first */
  admit(bytes: number): void {
    if (bytes < LARGE_BYTES || this.#bytes + bytes <= this.#maxBytes) return;
    throw new ImageCacheError(
      'OVERLOADED',
      'Too many long answers are on their way to readers that do not read them.',
      {
        hint: 'Ask again in a moment.',
        retryAfterMs: RETRY_AFTER_MS,
      },
    );
  }

  /**
   * To be told of a whole body that was handed to its socket. Most small ones were taken by the kernel by then, and cost neither
   * a timer nor a listener (HTTP/2 and TLS never take one at once).
   */
  sent(response: ServerResponse, bytes: number): void {
    if (response.writableLength > 0) this.hold(response, bytes);
  }

  /** Counts bytes until the answer has been read or its reader has left, and cuts off a reader that takes nothing. */
  hold(response: ServerResponse, bytes: number): void {
    this.#bytes += bytes;
    response.once('close', () => {
      this.#bytes -= bytes;
    });
    cutOffWhenStalled(response, this.#stalledMs);
  }

  /**
   * Begins an answer that is written piece by piece, at a speed that is not its reader's.
   * @returns a function that writes a piece, or cuts the reader off that has left too much unread
   */
  writer(response: ServerResponse): (text: string) => void {
    let held = 0;
    let isClosed = false; // HTTP/2's response does not say so
    const recount = (unread: number) => {
      this.#bytes += unread - held;
      held = unread;
    };
    response.on('drain', () => recount(response.writableLength));
    response.once('close', () => {
      isClosed = true;
      recount(0);
    });
    cutOffWhenStalled(response, this.#stalledMs);
    return (text) => {
      if (isClosed || response.writableEnded) return;
      response.write(text);
      recount(response.writableLength);
      if (held >= LARGE_BYTES && this.#bytes > this.#maxBytes) cutOff(response);
    };
  }
}
