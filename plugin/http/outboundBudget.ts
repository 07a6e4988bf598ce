import type { ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { STALLED_MS, abortResponse, abortWhenStalled } from './abortResponse.ts';

export interface OutboundBudgetOptions {
  /** Bytes of all unread bodies together. @default 512 MB */
  maxBytes?: number;
  /** How long a client may read nothing, in milliseconds. @default 60,000 */
  stalledMs?: number;
}

/** A smaller body is always sent: most answers are small, and most sockets take them at once. */
const LARGE_BYTES = 1 << 20;
const RETRY_AFTER_MS = 1000;

/**
 * Counts the bytes of answers, of images and all others, that their clients have not read yet. The socket keeps such bytes in
 * memory; without a limit, a client that stops reading would keep them there for ever.
 */
export class OutboundBudget {
  readonly #maxBytes: number;
  readonly #stalledMs: number;
  #bytes = 0;

  constructor({ maxBytes = 512 << 20, stalledMs = STALLED_MS }: OutboundBudgetOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#stalledMs = stalledMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Call it before a body is sent. @throws ImageCacheError OVERLOADED if other clients must read theirs first */
  admit(bytes: number): void {
    if (bytes < LARGE_BYTES || this.#bytes + bytes <= this.#maxBytes) return;
    throw new ImageCacheError('OVERLOADED', 'Too many long answers wait for clients that do not read them.', {
      hint: 'Try again in a moment.',
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  /**
   * Call it after a complete body was given to its socket. Most small bodies are then already in the kernel, and need neither a
   * timer nor a listener (but HTTP/2 and TLS never take a body at once).
   */
  sent(response: ServerResponse, bytes: number): void {
    if (response.writableLength > 0) this.hold(response, bytes);
  }

  /** Counts bytes until the answer was read or its client has left. Aborts the answer of a client that reads nothing. */
  hold(response: ServerResponse, bytes: number): void {
    this.#bytes += bytes;
    response.once('close', () => {
      this.#bytes -= bytes;
    });
    abortWhenStalled(response, this.#stalledMs);
  }

  /**
   * Begins an answer that is written piece by piece, without waiting for its client.
   * @returns a function that writes a piece, or aborts the answer if the client has too many unread bytes
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
    abortWhenStalled(response, this.#stalledMs);
    return (text) => {
      if (isClosed || response.writableEnded) return;
      response.write(text);
      recount(response.writableLength);
      if (held >= LARGE_BYTES && this.#bytes > this.#maxBytes) abortResponse(response);
    };
  }
}
