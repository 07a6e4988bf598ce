import { cacheLocation, type ImageCache } from './cache/index.ts';
import { createCache } from './createCache.ts';
import { createDoctor, type ServerFacts, systemProbes } from './doctor/index.ts';
import { createUploads } from './createUploads.ts';
import type { AccessPolicy } from './http/accessPolicy.ts';
import type { HttpContext } from './http/context.ts';
import type { Middleware } from './http/middleware.ts';
import { createCacheApi, createInspectorApi } from './http/apis.ts';
import { OutboundBudget } from './http/outboundBudget.ts';
import { Simulation } from './http/simulation/simulation.ts';
import type { ExpressImageCacheOptions, ResolvedOptions } from './options.ts';
import { projectOf } from './project.ts';
import type { Uploads } from './uploads/index.ts';

/** What differs between Vite's servers and a server of your own. */
export interface ApiSettings extends Pick<
  HttpContext,
  'logger' | 'authorize' | 'access' | 'allowedHosts' | 'hasInspector' | 'hasMetrics' | 'accelRedirect'
> {
  /** Whether faults can be simulated. */
  canSimulate: boolean;
  /** The directory that those in the options are relative to. */
  root: string;
  /** Where pages come from. */
  pages: 'dev' | 'build';
  /** What runs the cache, for the doctor. */
  server: ServerFacts;
  /** Whose an upload is; `undefined`: all are of one owner. */
  authorizeUpload: ExpressImageCacheOptions['authorizeUpload'];
}

export interface CreatedApi {
  cache: ImageCache;
  uploads: Uploads | undefined;
  simulation: Simulation | undefined;
  handler: Middleware;
  /** The API of the inspector. @param access who may use it, if these are others than those of `handler` */
  createInspectorApi(access?: AccessPolicy): Middleware;
  close(): Promise<void>;
}

/** Creates a cache, the uploads, and the HTTP API in front of both. No file is created before the first request. */
export function createApi(
  options: ResolvedOptions,
  {
    root,
    pages,
    server,
    logger,
    authorize,
    authorizeUpload,
    access,
    allowedHosts,
    hasInspector,
    hasMetrics,
    canSimulate,
    accelRedirect,
  }: ApiSettings,
): CreatedApi {
  const app = options.uploads && { root, project: projectOf(options.uploads, root, pages) };
  const created = app && options.uploads && createUploads(options, options.uploads, app, logger);
  const cache = createCache(options, root, logger, created?.withOutbox);
  const uploads = created?.open(cache);
  const { dir } = cacheLocation(root, options.cacheDir);
  const doctor = createDoctor({ options, root, dir, cache, server, probes: systemProbes });
  const { manage, images, allowedOrigins, bodyLimit } = options;
  const simulation = canSimulate ? new Simulation({ logger, onRecovered: () => cache.recovered() }) : undefined;
  const context: HttpContext = {
    cache,
    simulation,
    doctor,
    logger,
    authorize,
    access,
    manage,
    images,
    allowedOrigins,
    allowedHosts,
    bodyLimit,
    outbound: new OutboundBudget(),
    accelRedirect,
    hasMetrics,
    hasInspector,
    uploads: app &&
      options.uploads &&
      uploads && {
        uploads,
        project: app.project,
        waitMs: options.offline ? 0 : options.uploads.wait,
        authorizeUpload,
      },
  };
  return {
    cache,
    uploads,
    simulation,
    handler: createCacheApi(context),
    createInspectorApi: (inspectorAccess) =>
      createInspectorApi(
        inspectorAccess === undefined
          ? context
          : { ...context, access: inspectorAccess, authorize: undefined, manage: undefined, allowedOrigins: [] },
      ),
    async close() {
      simulation?.end();
      doctor.close();
      await uploads?.close();
      await cache.close();
    },
  };
}
