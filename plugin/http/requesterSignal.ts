import type { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';

/** A signal that is aborted when the client closes the connection before the answer is complete. */
export function requesterSignal(response: ServerResponse | Http2ServerResponse): AbortSignal {
  const left = new AbortController();
  if (hasLeft(response)) left.abort(); // the client may have left before this call
  response.once('close', () => {
    // A response of HTTP/2 is always finished when it closes, even a cancelled one; but a cancelled one was not ended.
    if (!response.writableEnded || !isFinished(response)) left.abort();
  });
  return left.signal;
}

/** Whether the client has closed the connection. */
export function hasLeft(response: ServerResponse | Http2ServerResponse): boolean {
  return response instanceof Http2ServerResponse ? response.stream.destroyed : response.destroyed;
}

function isFinished(response: ServerResponse | Http2ServerResponse): boolean {
  return response instanceof Http2ServerResponse || response.writableFinished;
}
