import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import type { Plugin, PreviewServer, ResolvedConfig, ViteDevServer } from 'vite';
import { ensureOwnDirectory } from '../cache/files/ownDirectory.ts';
import type { ImageCache } from '../cache/imageCache.ts';
import type { CacheLogger } from '../cache/logger.ts';
import { type Printer, createLogger } from '../logger.ts';
import { developmentAccess } from '../http/accessPolicy.ts';
import { type Middleware, createHandler } from '../http/mount.ts';
import type { ResolvedOptions } from '../options.ts';
import { forwardEvents } from './events.ts';

/** Makes a cache in the directory of the project. */
export type CacheFactory = (options: ResolvedOptions, root: string, logger: CacheLogger) => ImageCache;

/** Mounts the API in Vite's dev and preview servers, each with a cache of its own. */
export function servePlugin(options: ResolvedOptions, createCache: CacheFactory): Plugin {
  // On a restart the new server is made before the old one is closed, by this same plugin if the config is inline.
  const caches = new Map<ResolvedConfig, ImageCache>();

  function mount(server: ViteDevServer | PreviewServer, serverHosts: readonly string[] | true | undefined): ImageCache {
    const { config } = server;
    const logger = createLogger(options.logLevel, printerOf(config.logger));
    const cache = createCache(options, config.root, logger);
    caches.set(config, cache);
    const handler: Middleware = createHandler({
      cache,
      logger,
      authorize: undefined,
      access: developmentAccess(options.allowedOrigins),
      manage: options.manage,
      images: options.images,
      allowedOrigins: options.allowedOrigins,
      allowedHosts: serverHosts === true ? true : [...options.allowedHosts, ...(serverHosts ?? [])],
      bodyLimit: options.bodyLimit,
    });
    // Plugin routes run before Vite strips its base.
    const path = config.base.replace(/\/$/, '') + options.base;
    server.middlewares.use(
      path,
      function imageCacheMiddleware(request: IncomingMessage, response: ServerResponse, next) {
        handler(request, response, next);
      },
    );
    return cache;
  }

  async function close(config: ResolvedConfig): Promise<void> {
    const cache = caches.get(config);
    caches.delete(config);
    await cache?.close();
  }

  return {
    name: 'image-cache:serve',
    apply: 'serve',

    config: () => ({
      define: { __IMAGE_CACHE__: JSON.stringify({ base: options.base }) },
      // An externalised package sees no define, and would render other URLs on the server than in the browser.
      ssr: { noExternal: ['vite-plugin-image-cache'] },
    }),

    /** Before anything is kept from Vite that is the app's own. */
    configResolved: ({ root }) => ensureOwnDirectory(resolve(root, options.cacheDir)),

    configureServer(server) {
      const cache = mount(server, server.config.server.allowedHosts);
      forwardEvents(cache, server);
      server.httpServer?.once('close', () => void close(server.config));
    },

    configurePreviewServer(server) {
      mount(server, server.config.preview.allowedHosts);
      // Preview has no hook for its end, and what calls this exits as soon as it has resolved.
      const closeServer = server.close.bind(server);
      server.close = async () => {
        await closeServer();
        await close(server.config);
      };
    },

    /** In middleware mode there is no HTTP server whose end could be heard. */
    async closeBundle() {
      await close(this.environment.getTopLevelConfig());
    },
  };
}

function printerOf(logger: Printer): Printer {
  return { info: (message) => logger.info(message), warn: (message) => logger.warn(message) };
}
