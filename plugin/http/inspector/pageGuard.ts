import type { IncomingMessage } from 'node:http';
import { createGuard, createHostCheck, type GuardOptions } from '../guard.ts';

/**
 * Creates the check of requests for the inspector's files, which hold no data. A link in a chat, or a login that leads back, may open
 * the page in a tab; nothing of another origin may frame it, or load one of its files. All data comes through the API, whose guard
 * makes no such exception. A page of `allowedOrigins` is none of ours here: it may use the API, not frame the inspector.
 * @returns a function that throws ImageCacheError INVALID_HOST, FORBIDDEN_HOST or FORBIDDEN_ORIGIN
 */
export function createPageGuard({ allowedHosts }: Pick<GuardOptions, 'allowedHosts'>) {
  const checkHost = createHostCheck(allowedHosts);
  const guard = createGuard({ allowedHosts, allowedOrigins: [] });

  return function pageGuard(request: IncomingMessage): void {
    if (opensInTab(request)) checkHost(request);
    else guard(request);
  };
}

/** Whether a browser is about to show the answer as a page of a tab or window. A form cannot ask for it by GET unnoticed: it has no effect. */
function opensInTab({ headers, method }: IncomingMessage): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}
