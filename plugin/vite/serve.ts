import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import type { Plugin, PreviewServer, ResolvedConfig, ViteDevServer } from 'vite';
import { ensureOwnDirectory } from '../cache/atStart.ts';
import type { ImageCache } from '../cache/index.ts';
import { type Printer, createLogger } from '../logger.ts';
import { developmentAccess } from '../http/accessPolicy.ts';
import { createPreflights } from '../http/cors.ts';
import type { HttpContext } from '../http/context.ts';
import { publicEvent } from '../http/publicEntry.ts';
import type { ResolvedOptions } from '../options.ts';
import { EVENT_NAME } from '../protocol.ts';
import { startError } from '../startError.ts';
import { type Api, LazyApi } from './lazyApi.ts';

/** What is wrong with the directory is told by the first request, too. */
const MAX_LOOK_MS = 2000;

/** Imports the API, and makes one for the project. */
export type LoadApi = (
  options: ResolvedOptions,
  settings: Pick<HttpContext, 'logger' | 'authorize' | 'access' | 'allowedHosts'> & { root: string },
) => Promise<Api>;

/** Mounts the API in Vite's dev and preview servers, each with a cache of its own. */
export function servePlugin(options: ResolvedOptions, loadApi: LoadApi): Plugin {
  // On a restart the new server is made before the old one is closed, by this same plugin if the config is inline.
  const apis = new Map<ResolvedConfig, LazyApi>();

  function mount(
    server: ViteDevServer | PreviewServer,
    serverHosts: readonly string[] | true | undefined,
    onLoad: (api: Api) => void,
  ): void {
    const { config } = server;
    const logger = createLogger(options.logLevel, printerOf(config.logger));
    const allowedHosts = serverHosts === true ? true : [...options.allowedHosts, ...(serverHosts ?? [])];
    const load = async (): Promise<Api> => {
      const made = await loadApi(options, {
        root: config.root,
        logger,
        authorize: undefined,
        access: developmentAccess(options.allowedOrigins),
        allowedHosts,
      });
      onLoad(made);
      return made;
    };
    const api = new LazyApi(load, (message) => logger.warn(message));
    apis.set(config, api);
    // Plugin routes run before Vite strips its base.
    const path = config.base.replace(/\/$/, '') + options.base;
    if (options.allowedOrigins.length > 0) {
      // Vite's CORS ends each `OPTIONS` by what `server.cors` says. It is there already, and `use` can only add to the end.
      const handle = createPreflights({ allowedOrigins: options.allowedOrigins, authorize: undefined });
      server.middlewares.stack.unshift({ route: path, handle });
    }
    server.middlewares.use(
      path,
      function imageCacheMiddleware(request: IncomingMessage, response: ServerResponse, next) {
        api.handle(request, response, next);
      },
    );
    closeWith(server);
  }

  /** What calls `close()` exits as soon as it has resolved. Vite 5 has no other way to tell, preview up to 8.2 neither. */
  function closeWith(server: ViteDevServer | PreviewServer): void {
    const closeServer = server.close.bind(server);
    server.close = async () => {
      await closeServer();
      await close(server.config);
    };
  }

  async function close(config: ResolvedConfig): Promise<void> {
    const api = apis.get(config);
    apis.delete(config);
    await api?.close();
  }

  return {
    name: 'image-cache:serve',
    apply: 'serve',

    config: ({ server }) => ({
      define: {
        __IMAGE_CACHE__: JSON.stringify({ base: options.base, ...originOf(server?.origin), ...bucketOf(options) }),
      },
      // An externalised package sees no define, and would render other URLs on the server than in the browser.
      ssr: { noExternal: ['vite-plugin-image-cache'] },
    }),

    /** Before anything is kept from Vite that is the app's own. A disk that does not answer holds up no start. */
    async configResolved({ root }) {
      const limit = new Promise<void>((done) => {
        setTimeout(done, MAX_LOOK_MS).unref();
      });
      await Promise.race([ensureOwnDirectory(resolve(root, options.cacheDir)), limit]).catch((error: unknown) => {
        throw startError(error);
      });
    },

    configureServer(server) {
      mount(server, server.config.server.allowedHosts, ({ cache }) => forwardEvents(cache, server));
    },

    configurePreviewServer(server) {
      mount(server, server.config.preview.allowedHosts, () => {});
    },

    /** A restart closes the old server without its `close()`. In Vite 5, where it does not, there are no environments. */
    async closeBundle() {
      const { environment } = this as Partial<typeof this>;
      if (environment) await close(environment.getTopLevelConfig());
    },
  };
}

/**
 * Where modules come from, for what renders the page of a backend on another port; in a browser they know it themselves. Plugins of
 * backends (Laravel's) put a name into `server.origin` that they replace later, in sources only: it is no address.
 */
function originOf(origin: string | undefined): { origin?: string } {
  if (origin === undefined || !URL.canParse(origin) || origin.includes('__')) return {};
  const url = new URL(origin);
  return url.protocol.startsWith('http') ? { origin: url.origin } : {};
}

/** The one bucket, if there is but one, for hints that name it. */
function bucketOf({ buckets }: ResolvedOptions): { bucket?: string } {
  const [bucket, ...others] = new Set(buckets.map(({ name }) => name));
  return bucket === undefined || others.length > 0 ? {} : { bucket };
}

function printerOf(logger: Printer): Printer {
  return { info: (message) => logger.info(message), warn: (message) => logger.warn(message) };
}

/**
 * Sends what happens in the cache to every page, over the socket that Vite has open to it anyway: an EventSource would
 * take one of the six connections that HTTP/1.1 allows a browser. Entries carry canonical URLs, never signed ones.
 */
function forwardEvents(cache: ImageCache, server: ViteDevServer): void {
  cache.onEvent((event) => server.ws.send({ type: 'custom', event: EVENT_NAME, data: publicEvent(event) }));
}
