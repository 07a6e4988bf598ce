import { createSubscribable } from './subscribable.ts';

export interface ImageCacheConfig {
  /**
   * The full path (or URL) the API is mounted at, or `false` to switch everything off: original URLs, no requests.
   * @default in dev and preview, where the plugin mounted it; in a production build `false`
   */
  base: string | false;
}

let configured: string | false | undefined;
const changes = /* @__PURE__ */ createSubscribable<void>();

/**
 * Says where the server is, for what is not told by the plugin: a production build in front of `createImageCache()`.
 * @example configureImageCache({ base: '/api/cache' });
 */
export function configureImageCache({ base }: ImageCacheConfig): void {
  configured = base;
  changes.emit();
}

/** Where the API is mounted, without a trailing slash; `undefined` when there is none. */
export function configuredMount(): string | undefined {
  if (configured !== undefined) return toMount(configured);
  if (typeof __IMAGE_CACHE__ === 'undefined') return undefined;
  return joinBase(import.meta.env?.BASE_URL ?? '/', __IMAGE_CACHE__.base);
}

export function onConfigure(listener: () => void): () => void {
  return changes.subscribe(listener);
}

export function toMount(base: string | false): string | undefined {
  return base === false ? undefined : base.replace(/\/+$/, '');
}

/** A relative BASE_URL (`./`) is a matter of built files; the server that Vite runs is mounted at the root then. */
export function joinBase(baseUrl: string, base: string): string {
  const root = /^(\/|https?:)/.test(baseUrl) ? baseUrl.replace(/\/+$/, '') : '';
  return `${root}/${base.replace(/^\/+|\/+$/g, '')}`;
}
