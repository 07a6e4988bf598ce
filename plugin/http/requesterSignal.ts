import type { ServerResponse } from 'node:http';

/** Aborted when whoever asked hangs up before the answer is complete. */
export function requesterSignal(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  if (response.destroyed) left.abort(); // while something else was waited for
  response.once('close', () => {
    if (!response.writableFinished) left.abort();
  });
  return left.signal;
}
