import type { IncomingMessage, ServerResponse } from 'node:http';
import { ImageCacheError } from '../../errors.ts';
import type { GuardOptions } from '../guard.ts';
import type { Middleware } from '../middleware.ts';
import { sendProblem } from '../respond.ts';
import { type PageFile, type PageFiles, readPageFiles } from './pageFiles.ts';
import { createPageGuard } from './pageGuard.ts';
import { PAGE_HEADERS } from './pageHeaders.ts';

/**
 * Serves the inspector's page. A path is looked up in the list of files that was made with them; it is never joined to a directory.
 * The files are read at the first request.
 */
export function createInspectorPage(
  options: Pick<GuardOptions, 'allowedHosts'>,
  readFiles: () => Promise<PageFiles> = readPageFiles,
): Middleware {
  const guard = createPageGuard(options);
  let reading: Promise<PageFiles> | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    guard(request);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      throw new ImageCacheError('METHOD_NOT_ALLOWED', 'The inspector is a page.', { hint: 'Use GET.' });
    }
    if (isWithoutSlash(request)) return redirect(request, response);
    reading ??= readFiles();
    const files = await reading.catch((error: unknown) => {
      reading = undefined; // a build may be under way
      throw error;
    });
    const path = /^\/([^?#]*)/.exec(request.url ?? '')?.[1];
    const file = path === '' ? files.get('index.html') : files.get(path ?? '');
    if (file === undefined) throw new ImageCacheError('NOT_FOUND', 'The inspector has no such file.');
    send(request, response, file);
  }

  return function inspectorPageMiddleware(request, response) {
    answer(request, response).catch((error: unknown) => sendProblem(request, response, error));
  };
}

function send(request: IncomingMessage, response: ServerResponse, { type, bytes, isImmutable }: PageFile): void {
  response.writeHead(200, {
    ...PAGE_HEADERS,
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Whether the page was asked for by the path of its mount alone, from which its relative addresses would lead elsewhere. */
function isWithoutSlash(request: IncomingMessage): boolean {
  const path = mountedPath(request);
  return path !== undefined && !path.endsWith('/') && /^\/(?:\?|$)/.test(request.url ?? '');
}

/** To the same path with a slash. The address is relative, because a proxy may have taken away the beginning of the path. */
function redirect(request: IncomingMessage, response: ServerResponse): void {
  const name = mountedPath(request)?.split('/').at(-1) ?? '';
  response.writeHead(302, {
    ...PAGE_HEADERS,
    Location: `./${name}/`,
    'Cache-Control': 'no-store',
    'Content-Length': 0,
  });
  response.end();
}

/** The path as it was before connect or Express took away what the middleware is mounted at. */
function mountedPath(request: IncomingMessage): string | undefined {
  const { originalUrl } = request as { originalUrl?: string }; // connect and Express add it
  return originalUrl?.replace(/[?#].*/s, '');
}
