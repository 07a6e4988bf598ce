import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { type Plugin, type PreviewServer, type ResolvedConfig, version, type ViteDevServer } from 'vite';
import { ensureOwnDirectory } from '../cache/atStart.ts';
import type { ServerFacts } from '../doctor/index.ts';
import { createLogger } from '../logger.ts';
import { developmentAccess } from '../http/accessPolicy.ts';
import { createPreflights } from '../http/cors.ts';
import type { HttpContext } from '../http/context.ts';
import { publicEvent } from '../http/publicEntry.ts';
import type { ImageCacheLogger, ResolvedOptions } from '../options.ts';
import {
  EVENT_NAME,
  RECOVERED_EVENT_NAME,
  SHARP_EVENT_NAME,
  SHARP_MISSING,
  SIMULATION_EVENT_NAME,
  type SimulationNews,
  UPLOAD_EVENT_NAME,
} from '../protocol.ts';
import type { UploadEvent } from '../uploadProtocol.ts';
import { startError } from '../startError.ts';
import { type Api, LazyApi } from './lazyApi.ts';
import { inspectorPath } from './inspectorPath.ts';
import { type LoadInspectorPage, mountInspector } from './mountInspector.ts';
import { countTwins } from './warnDuplicate.ts';

/** How long a start waits for the check of the directory. If it takes longer, the first request reports what is wrong. */
const MAX_LOOK_MS = 2000;
/** Uploads that are left from earlier wait until Vite has started. */
const OUTBOX_DELAY_MS = 1000;

/** Imports the API, and creates one for the project. */
export type LoadApi = (
  options: ResolvedOptions,
  settings: Pick<HttpContext, 'logger' | 'authorize' | 'access' | 'allowedHosts' | 'hasInspector' | 'hasMetrics'> & {
    canSimulate: boolean;
    root: string;
    pages: 'dev' | 'build';
    server: ServerFacts;
    authorizeUpload: undefined;
  },
) => Promise<Api>;

/** Mounts the API and the inspector in Vite's dev and preview servers, each with a cache of its own. */
export function servePlugin(
  options: ResolvedOptions,
  loadApi: LoadApi,
  loadPage: LoadInspectorPage,
): Plugin<{ options: ResolvedOptions }> {
  // On a restart, the new server is created before the old one is closed. If the config is inline, both use this same plugin.
  const apis = new Map<ResolvedConfig, LazyApi>();

  function mount(
    server: ViteDevServer | PreviewServer,
    serverHosts: readonly string[] | true | undefined,
    pages: 'dev' | 'build',
    onLoad: (api: Api) => void,
  ): LazyApi {
    const { config } = server;
    const linkTo = (s3Url: string) => inspectorLink(server, options.base, s3Url);
    const logger = createLogger(options.logLevel, printerOf(config.logger), { linkTo });
    const allowedHosts = serverHosts === true ? true : [...options.allowedHosts, ...(serverHosts ?? [])];
    const load = async (): Promise<Api> => {
      const made = await loadApi(options, {
        root: config.root,
        pages,
        server: { kind: 'vite', vite: { version, plugins: countTwins(config, options.base), allowedHosts } },
        logger,
        authorize: undefined,
        authorizeUpload: undefined,
        access: developmentAccess(options.allowedOrigins),
        allowedHosts,
        hasMetrics: options.metrics ?? true,
        hasInspector: true,
        canSimulate: true,
      });
      onLoad(made);
      return made;
    };
    const api = new LazyApi(load, (message) => logger.warn(message));
    apis.set(config, api);
    // Routes of plugins run before Vite removes its base from the URL.
    const path = config.base.replace(/\/$/, '') + options.base;
    if (options.allowedOrigins.length > 0) {
      // Vite's CORS answers each `OPTIONS` by `server.cors`. It is already in the stack, and `use` can only add to the end.
      const handle = createPreflights({ allowedOrigins: options.allowedOrigins, authorize: undefined });
      server.middlewares.stack.unshift({ route: path, handle });
    }
    server.middlewares.use(
      path,
      function imageCacheMiddleware(request: IncomingMessage, response: ServerResponse, next) {
        api.handle(request, response, next);
      },
    );
    mountInspector(server, { base: options.base, api: api.handleInspector, allowedHosts }, loadPage);
    closeWith(server);
    if (hasOutbox(options, config.root)) setTimeout(() => api.start(), OUTBOX_DELAY_MS).unref();
    return api;
  }

  /**
   * Closes the cache with the server. `close()` must wait for it, because its caller may exit when it resolves. Vite 5, and preview
   * up to 8.2, have no hook for this.
   */
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
    /** For the command line. */
    api: { options },

    config: ({ server, plugins }) => ({
      define: {
        __IMAGE_CACHE__: JSON.stringify({
          base: options.base,
          ...(options.imageBase !== undefined && { imageBase: options.imageBase }),
          inspector: inspectorPath({ plugins: flatten(plugins) }, options.base),
          ...originOf(server?.origin),
          ...bucketOf(options),
          // Pages then declare no widths of variants, which would be those of the original.
          ...(!isSharpInstalled() && { isSharpMissing: true }),
          ...(options.offline && { isOffline: true }),
        }),
      },
      // `define` is not applied to an externalised package, which would then render other URLs on the server than in the browser.
      ssr: { noExternal: ['vite-plugin-image-cache'] },
    }),

    /** Checks the directory before Vite is kept from it, as it may be the app's own. A disk that hangs does not block the start. */
    async configResolved({ root }) {
      const limit = new Promise<void>((done) => {
        setTimeout(done, MAX_LOOK_MS).unref();
      });
      await Promise.race([ensureOwnDirectory(resolve(root, options.cacheDir)), limit]).catch((error: unknown) => {
        throw startError(error);
      });
    },

    configureServer(server) {
      const { allowedHosts } = server.config.server;
      const api = mount(server, allowedHosts, 'dev', (loaded) => forwardEvents(loaded, server));
      server.ws.on(SIMULATION_EVENT_NAME, (_question, client) => {
        const news: SimulationNews = { isOn: api.isSimulating };
        client.send(SIMULATION_EVENT_NAME, news);
      });
      const logger = createLogger(options.logLevel, printerOf(server.config.logger));
      server.ws.on(SHARP_EVENT_NAME, () => logger.warn(SHARP_MISSING));
    },

    configurePreviewServer(server) {
      mount(server, server.config.preview.allowedHosts, 'build', () => {});
    },

    /** A restart closes the old server without calling its `close()`. Vite 5 does call it, and has no environments. */
    async closeBundle() {
      const { environment } = this as Partial<typeof this>;
      if (environment) await close(environment.getTopLevelConfig());
    },
  };
}

/** All plugins of a configuration that Vite has not resolved yet, except those that are still promises. */
function flatten(plugins: readonly unknown[] = []): Plugin[] {
  // Nothing else is both an object with a name and an option for plugins.
  return plugins
    .flat(Infinity)
    .filter((each): each is Plugin => typeof each === 'object' && each !== null && 'name' in each);
}

/** Where the inspector shows what is known of an image; `undefined` if it is not known where the server is. */
function inspectorLink(
  { config, resolvedUrls }: ViteDevServer | PreviewServer,
  base: string,
  s3Url: string,
): string | undefined {
  const url = resolvedUrls?.local[0] ?? resolvedUrls?.network[0];
  if (url === undefined) return undefined;
  return `${url.replace(/\/$/, '')}${inspectorPath(config, base)}/#/images?image=${encodeURIComponent(s3Url)}`;
}

/** Whether uploads may be left from earlier, which are to be sent although no page asks for anything. */
function hasOutbox({ uploads }: ResolvedOptions, root: string): boolean {
  return uploads !== undefined && existsSync(resolve(root, uploads.outboxDir));
}

/**
 * The origin of the modules, for code that renders the page of a backend on another port; in a browser, modules know their origin.
 * Plugins of backends (Laravel's) set `server.origin` to a placeholder that they later replace in sources only. It is not an
 * address, so it is ignored.
 */
function originOf(origin: string | undefined): { origin?: string } {
  if (origin === undefined || !URL.canParse(origin) || origin.includes('__')) return {};
  const url = new URL(origin);
  return url.protocol.startsWith('http') ? { origin: url.origin } : {};
}

/** Whether `sharp` can be found from here. It is not imported, because that takes long, and often no variant is asked for. */
export function isSharpInstalled(resolve: (name: string) => unknown = import.meta.resolve): boolean {
  try {
    resolve('sharp');
    return true;
  } catch {
    return false;
  }
}

/** The name of the bucket if there is only one, for hints. */
function bucketOf({ buckets }: ResolvedOptions): { bucket?: string } {
  const [bucket, ...others] = new Set(buckets.map(({ name }) => name));
  return bucket === undefined || others.length > 0 ? {} : { bucket };
}

function printerOf(logger: ImageCacheLogger): ImageCacheLogger {
  return { info: (message) => logger.info(message), warn: (message) => logger.warn(message) };
}

/**
 * Sends the events of the cache to every page, over the socket that Vite has open anyway: an EventSource would need one of the six
 * connections that a browser has with HTTP/1.1. Entries contain canonical URLs, never signed ones.
 */
function forwardEvents({ cache, uploads, simulation }: Api, server: ViteDevServer): void {
  const send = (event: string, data: object): void => server.ws.send({ type: 'custom', event, data });
  cache.watch({
    changed: (event) => send(EVENT_NAME, publicEvent(event)),
    recovered: () => send(RECOVERED_EVENT_NAME, {}),
    get isHeard() {
      return server.ws.clients.size > 0;
    },
    closed: () => undefined,
  });
  simulation?.onChange((isOn) => send(SIMULATION_EVENT_NAME, { isOn } satisfies SimulationNews));
  uploads?.onChange((status) => {
    const { filename: _, ...job } = status;
    const data: UploadEvent = { type: 'upload', job };
    send(UPLOAD_EVENT_NAME, data);
  });
}
