import { setCredentials } from './crossOrigin.ts';
import { createSubscribable } from './subscribable.ts';

export interface ImageCacheConfig {
  /**
   * The full path (or URL) the API is mounted at, or `false` to switch everything off: original URLs, no requests.
   * @default in dev what the plugin says; in a build (`vite preview` of it included) `false`
   */
  base: string | false;
  /**
   * `include`: a server of another origin is sent the page's cookies, because its `authorize` decides by them. It must list the page
   * in `allowedOrigins`, and its cookies must be `SameSite=None` unless it is of the same site. @default 'same-origin'
   */
  credentials?: 'same-origin' | 'include';
}

let configured: string | false | undefined;
const changes = /* @__PURE__ */ createSubscribable<void>();

export function configure({ base, credentials }: ImageCacheConfig): void {
  configured = base;
  setCredentials(toBaseUrl(base), credentials);
  changes.emit();
}

/** Whether the app has said where the server is, or that there is none. */
export function isConfigured(): boolean {
  return configured !== undefined;
}

/** Where the API is mounted, without a trailing slash; `undefined` when there is none. */
export function configuredBaseUrl(): string | undefined {
  if (configured !== undefined) return toBaseUrl(configured);
  if (typeof __IMAGE_CACHE__ === 'undefined') return undefined;
  // In dev, where the plugin is, BASE_URL is a path: Vite keeps `./` and CDN addresses for builds.
  const page = typeof location === 'undefined' ? undefined : location;
  const origin = viteOrigin(import.meta.url, page, __IMAGE_CACHE__.origin);
  return origin + withoutSlash(import.meta.env?.BASE_URL ?? '/') + __IMAGE_CACHE__.base;
}

export const onConfigure: (listener: () => void) => () => void = changes.subscribe;

export function toBaseUrl(base: string | false): string | undefined {
  return base === false ? undefined : withoutSlash(base);
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/**
 * Where the API is when the page is a backend's (Rails, Laravel, Django) that loads its modules from Vite on another port: where those
 * come from. Empty for the page's own origin.
 * @param moduleUrl the URL of a module of ours
 * @param page absent on a server, which `told` is for
 * @param told Vite's `server.origin`, if it is set
 */
export function viteOrigin(moduleUrl: string, page: { origin: string } | undefined, told: string | undefined): string {
  if (page === undefined) return told ?? '';
  const { protocol, origin } = new URL(moduleUrl);
  // Server and browser must render the same URL, so with `server.origin` it is absolute on its own origin, too.
  return protocol.startsWith('http') && (told !== undefined || origin !== page.origin) ? origin : '';
}
