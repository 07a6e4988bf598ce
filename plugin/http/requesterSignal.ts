import type { ServerResponse } from 'node:http';

/** Aborted when whoever asked hangs up before the answer is complete. */
export function requesterSignal(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) left.abort();
  });
  return left.signal;
}
