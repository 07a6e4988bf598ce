import type { ServerResponse } from 'node:http';
import { Http2ServerResponse, constants } from 'node:http2';

/**
 * Ends an answer half way so that it does not look whole. In HTTP/1 the connection says so; in HTTP/2 the stream is reset, and
 * without an error code browsers take what came for all there is.
 */
export function cutOff(response: ServerResponse | Http2ServerResponse): void {
  if (response instanceof Http2ServerResponse) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** How long a reader may take nothing. */
export const STALLED_MS = 60_000;

/**
 * Cuts off a reader that takes nothing for so long of what there is for it: what it does not read stays in memory. One
 * that has read all there is so far may wait as long as it likes for more.
 */
export function cutOffWhenStalled(response: ServerResponse, stalledMs = STALLED_MS): void {
  response.setTimeout(stalledMs, () => {
    if (response.writableLength > 0) cutOff(response);
  });
}
