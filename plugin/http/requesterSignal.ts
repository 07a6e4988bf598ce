import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Aborted when whoever asked hangs up before the answer is complete. */
export function requesterSignal(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  setMaxListeners(0, left.signal); // a prefetch listens once an image; Node 20 takes more than ten for a leak
  response.once('close', () => {
    if (!response.writableFinished) left.abort();
  });
  return left.signal;
}
