import type { CacheLogger, ImageCache } from '../cache/index.ts';
import type { Doctor } from '../doctor/index.ts';
import type { ExpressImageCacheOptions, ImageCacheOptions, ResolvedImages } from '../options.ts';
import type { AccelRedirect } from './accelRedirect.ts';
import type { AccessPolicy } from './accessPolicy.ts';
import type { UploadsContext } from './authorizedUploads.ts';
import type { OutboundBudget } from './outboundBudget.ts';
import type { Simulation } from './simulation/simulation.ts';

/** What all routes need. */
export interface HttpContext {
  cache: ImageCache;
  doctor: Doctor;
  logger: CacheLogger;
  /** `undefined`: every request that reaches the API may see every image. */
  authorize: ExpressImageCacheOptions['authorize'];
  /** Decides which requests may use which routes. */
  access: AccessPolicy;
  /** Is called for requests that `access` alone does not let manage the cache. */
  manage: ImageCacheOptions['manage'];
  /** Which variants may be requested. */
  images: ResolvedImages;
  allowedOrigins: readonly string[];
  allowedHosts: readonly string[] | true;
  /** Bytes. */
  bodyLimit: number;
  outbound: OutboundBudget;
  /** Has files sent by nginx; `undefined`: this server sends them. */
  accelRedirect?: AccelRedirect | undefined;
  /** Whether `GET /metrics` answers. */
  hasMetrics: boolean;
  /** True if the calls of the inspector are part of the API: in Vite's servers. */
  hasInspector: boolean;
  /** Simulates faults for whoever develops an app. `undefined`: nothing can be simulated, as in a server of your own. */
  simulation: Simulation | undefined;
  /** `undefined`: there are none. */
  uploads: UploadsContext | undefined;
}
