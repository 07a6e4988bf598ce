import { setCredentials } from './crossOrigin.ts';
import { createSubscribable } from './subscribable.ts';

export interface ImageCacheConfig {
  /**
   * The full path (or URL) of the API, or `false` to switch everything off: images then use their original URLs, and no request is sent.
   * @default in development, what the plugin says; in a build (and in `vite preview` of it), `false`
   */
  base: string | false;
  /**
   * The full URL of the API at a CDN, from which the images come that are known to be cached: their URLs never change. Everything else, and
   * each image that the CDN could not provide, comes from `base`; after a failure, the CDN is left alone for a minute. It must let the page read
   * its images (`Access-Control-Allow-Origin`) and gets no cookies, so leave it out if `authorize` decides who may see an image.
   * @default images come from `base`, too
   * @example 'https://d111111abcdef8.cloudfront.net/api/cache'
   */
  imageBase?: string;
  /**
   * `include` sends cookies to a server of another origin, whose `authorize` decides by them. The server must list the page in
   * `allowedOrigins`, and its cookies must be `SameSite=None` unless it is of the same site. @default 'same-origin'
   */
  credentials?: 'same-origin' | 'include';
}

let configured: string | false | undefined;
let configuredCdn: string | undefined;
const changes = /* @__PURE__ */ createSubscribable<void>();

export function configure({ base, credentials, imageBase }: ImageCacheConfig): void {
  configured = base;
  configuredCdn = imageBase && withoutSlash(imageBase);
  setCredentials(toBaseUrl(base), credentials);
  changes.emit();
}

/** Whether the app has configured where the server is, or that there is none. */
export function isConfigured(): boolean {
  return configured !== undefined;
}

/** Whether the plugin says that its server can make no variants. A server elsewhere is expected to have sharp. */
export function isSharpMissing(baseUrl: string): boolean {
  if (typeof __IMAGE_CACHE__ === 'undefined') return false;
  return __IMAGE_CACHE__.isSharpMissing === true && baseUrl.endsWith(__IMAGE_CACHE__.base);
}

/** Whether the plugin says that its server is offline by choice: then the page must not ask S3 in its place. */
export function isOffline(baseUrl: string): boolean {
  return (
    typeof __IMAGE_CACHE__ !== 'undefined' &&
    __IMAGE_CACHE__.isOffline === true &&
    baseUrl.endsWith(__IMAGE_CACHE__.base)
  );
}

/** The base URL of the API, without a trailing slash; `undefined` if there is none. */
export function configuredBaseUrl(): string | undefined {
  if (configured !== undefined) return toBaseUrl(configured);
  if (typeof __IMAGE_CACHE__ === 'undefined') return undefined;
  // In development BASE_URL is a path: Vite uses `./` and CDN addresses in builds only.
  const page = typeof location === 'undefined' ? undefined : location;
  const origin = viteOrigin(import.meta.url, page, __IMAGE_CACHE__.origin);
  return origin + withoutSlash(import.meta.env?.BASE_URL ?? '/') + __IMAGE_CACHE__.base;
}

/** The base URL of the CDN, without a trailing slash; `undefined` if there is none. */
export function configuredImageBase(): string | undefined {
  if (configured !== undefined || typeof __IMAGE_CACHE__ === 'undefined') return configuredCdn;
  return __IMAGE_CACHE__.imageBase;
}

export function onConfigure(listener: () => void): () => void {
  return changes.subscribe(listener);
}

export function toBaseUrl(base: string | false): string | undefined {
  return base === false ? undefined : withoutSlash(base);
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/**
 * The origin of the API if a backend (Rails, Laravel, Django) serves the page, which loads its modules from Vite on another port: it is the
 * origin of those modules. Empty for the page's own origin.
 * @param moduleUrl the URL of one of our modules
 * @param page absent on a server, where `told` is used
 * @param told Vite's `server.origin`, if it is set
 */
export function viteOrigin(moduleUrl: string, page: { origin: string } | undefined, told: string | undefined): string {
  if (page === undefined) return told ?? '';
  const { protocol, origin } = new URL(moduleUrl);
  // Server and browser must render the same URL. So with `server.origin` the URL is absolute even on its own origin.
  return protocol.startsWith('http') && (told !== undefined || origin !== page.origin) ? origin : '';
}
