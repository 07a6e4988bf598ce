import type { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';

/** Aborted when whoever asked hangs up before the answer is complete. */
export function requesterSignal(response: ServerResponse | Http2ServerResponse): AbortSignal {
  const left = new AbortController();
  if (hasLeft(response)) left.abort(); // while something else was waited for
  response.once('close', () => {
    // HTTP/2's response has always finished when it closes, also one that was cancelled: it tells by not having been ended.
    if (!response.writableEnded || !isFinished(response)) left.abort();
  });
  return left.signal;
}

/** Whether whoever asked has hung up already. */
export function hasLeft(response: ServerResponse | Http2ServerResponse): boolean {
  return response instanceof Http2ServerResponse ? response.stream.destroyed : response.destroyed;
}

function isFinished(response: ServerResponse | Http2ServerResponse): boolean {
  return response instanceof Http2ServerResponse || response.writableFinished;
}
