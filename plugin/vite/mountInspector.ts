import type { PreviewServer, ViteDevServer } from 'vite';
import type { GuardOptions } from '../http/guard.ts';
import { createInspector } from '../http/inspector/inspector.ts';
import type { Middleware } from '../http/middleware.ts';
import { sendProblem } from '../http/respond.ts';
import { inspectorPath } from './inspectorPath.ts';

/** Imports what serves the page of the inspector. */
export type LoadInspectorPage = (options: Pick<GuardOptions, 'allowedHosts'>) => Promise<Middleware>;

interface Inspected extends Pick<GuardOptions, 'allowedHosts'> {
  /** The option `base` of the plugin. */
  base: string;
  /** The API of the inspector. */
  api: Middleware;
}

/** Mounts the inspector in Vite's server. Its page is imported at the first request for it, and it never opens the cache. */
export function mountInspector(
  { config, middlewares }: ViteDevServer | PreviewServer,
  { base, api, allowedHosts }: Inspected,
  loadPage: LoadInspectorPage,
): void {
  let page: Promise<Middleware> | undefined;
  const inspector = createInspector({
    api,
    page(request, response, next) {
      page ??= loadPage({ allowedHosts });
      page.then(
        (loaded) => loaded(request, response, next),
        (error: unknown) => {
          page = undefined;
          sendProblem(request, response, error);
        },
      );
    },
  });
  middlewares.use(
    config.base.replace(/\/$/, '') + inspectorPath(config, base),
    function imageCacheInspectorMiddleware(request, response, next) {
      inspector(request, response, next);
    },
  );
}
