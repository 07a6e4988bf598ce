import type { ServerResponse } from 'node:http';
import { Http2ServerResponse, constants } from 'node:http2';

/**
 * Aborts an answer so that it does not look complete. In HTTP/1 the connection is closed. In HTTP/2 the stream is reset with an
 * error code: without one, browsers treat the part that they have as the complete answer.
 */
export function abortResponse(response: ServerResponse | Http2ServerResponse): void {
  if (response instanceof Http2ServerResponse) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** How long a client may read nothing. */
export const STALLED_MS = 60_000;

/**
 * Aborts the answer when its client has not read for this long, although there is data for it: unread data stays in memory. A
 * client that has read everything so far may wait for more as long as it likes.
 */
export function abortWhenStalled(response: ServerResponse, stalledMs = STALLED_MS): void {
  response.setTimeout(stalledMs, () => {
    if (response.writableLength > 0) abortResponse(response);
  });
}
