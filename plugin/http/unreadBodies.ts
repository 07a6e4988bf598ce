import type { ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { STALLED_MS, cutOffWhenStalled } from './cutOff.ts';

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
 * What has been answered and not been read. Each such body is held in memory by its socket, whatever the memory tier has room for, and
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
      'Too many large images are on their way to readers that do not read them.',
      {
        hint: 'Ask again in a moment.',
        retryAfterMs: RETRY_AFTER_MS,
      },
    );
  }

  /** To be told of a body that was handed to its socket. */
  sent(response: ServerResponse, bytes: number): void {
    if (response.writableFinished) return;
    this.#bytes += bytes;
    response.once('close', () => {
      this.#bytes -= bytes;
    });
    cutOffWhenStalled(response, this.#stalledMs);
  }
}
