import type { Request } from 'express';
import { ImageCacheError } from '../errors.ts';

/** A client that sends nothing for so long is given up. */
const IDLE_MS = 30_000;
/** Number of bytes that are still read after a refusal: a client that is cut off while it sends may not see the answer. */
const MAX_UNREAD_BYTES = 64 << 20;

/**
 * The bytes of a request, as they come.
 * @throws ImageCacheError UNSUPPORTED_MEDIA_TYPE, INVALID_BODY, UPLOAD_TIMEOUT, or ABORTED when the client has left
 */
export async function* uploadBody(request: Request, idleMs = IDLE_MS): AsyncGenerator<Uint8Array, void> {
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new ImageCacheError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
  if (Buffer.isBuffer(request.body)) return yield request.body; // `express.raw()` of the app around us has read it
  if (request.readableEnded) throw readElsewhere();
  // What stops reading early must not destroy the request: its socket has to bring the answer.
  const chunks: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const { done, value } = await within(idleMs, chunks.next());
    if (done === true) return;
    yield value;
  }
}

/** Reads what is left of a request that was refused, and forgets it. Who sends too much, or too slowly, is cut off. */
export function discardRest(request: Request): void {
  if (request.complete) return;
  let bytes = 0;
  const timer = setTimeout(() => request.destroy(), IDLE_MS).unref();
  request.once('close', () => clearTimeout(timer));
  request.on('error', () => undefined);
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > MAX_UNREAD_BYTES) request.destroy();
  });
  request.resume();
}

async function within<T>(idleMs: number, next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(idleMs)), idleMs);
  });
  try {
    return await Promise.race([next, limit]);
  } catch (error) {
    if (error instanceof ImageCacheError) throw error;
    throw new ImageCacheError('ABORTED', 'The client went away while it sent the picture.', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function timedOut(idleMs: number): ImageCacheError {
  return new ImageCacheError('UPLOAD_TIMEOUT', `The client has sent nothing for ${idleMs} ms.`, {
    hint: 'Send the picture again, from its first byte.',
  });
}

function readElsewhere(): ImageCacheError {
  return new ImageCacheError('INVALID_BODY', 'The body was read by another middleware.', {
    hint: 'Mount the image cache before what reads bodies, such as `express.json()`.',
  });
}
