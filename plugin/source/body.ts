import type { IncomingMessage } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { Clock } from './clock.ts';
import { bodyError } from './networkError.ts';
import { TransientError } from './transientError.ts';
import { startWatchdog } from './watchdog.ts';

/** The limits for reading a body. */
export interface BodyLimits {
  readonly clock: Clock;
  /** The longest time between two chunks. Time that the consumer takes for a chunk does not count. */
  readonly idleMs: number;
  /** True if the rest can be requested: then a pause is a transient error. */
  readonly isResumable?: boolean;
  readonly hostname: string;
  /** When it is aborted, reading ends with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Yields the chunks of a body. If the body was read to its end, the socket goes back to the pool; however else the loop over the
 * chunks ends, the body is destroyed.
 * @throws ImageCacheError UPSTREAM_TIMEOUT, UPSTREAM_TRUNCATED, or the signal's reason
 */
export async function* readBody(response: IncomingMessage, limits: BodyLimits): AsyncGenerator<Buffer, void, void> {
  const { clock, idleMs, hostname, signal } = limits;
  const watchdog = startWatchdog(clock, idleMs, () => response.destroy(idleError(limits)));
  const cancel = () => response.destroy(signal.reason);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const chunk of response) {
      watchdog.pause();
      yield chunk;
      watchdog.touch();
    }
  } catch (error) {
    throw bodyError(error, hostname);
  } finally {
    watchdog.stop();
    signal.removeEventListener('abort', cancel);
  }
}

/** At most `limit` bytes of an error's body, as text. If reading fails, the rest is left out, because the status is enough. */
export async function readErrorBody(response: IncomingMessage, limit: number, limits: BodyLimits): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of readBody(response, limits)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= limit) break;
    }
  } catch (error) {
    if (limits.signal.aborted) throw error;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString();
}

function idleError({ hostname, idleMs, isResumable = false }: BodyLimits): ImageCacheError {
  const Kind = isResumable ? TransientError : ImageCacheError;
  return new Kind('UPSTREAM_TIMEOUT', `${hostname} stopped in the middle of the answer for ${idleMs} ms.`, {
    hint: 'The option `timeouts.idle` sets the limit.',
  });
}
