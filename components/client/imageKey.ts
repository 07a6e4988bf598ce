import { parametersOf } from '../../plugin/signatures.ts';

/**
 * Names the object behind a URL as far as a browser can: signatures are dropped by the list that the server has, everything else
 * is kept. The server's canonical URL folds more (path style, CDN hosts); where the two differ, the entry tells `knownImages`.
 */
export function imageKey(url: string): string {
  const parsed = parse(url);
  return parsed ? keyOf(parsed) : url;
}

/**
 * The key of an image that the cache may be asked for; `undefined` for `data:`, `blob:`, relative and same-origin URLs, which stay as
 * they are.
 * @param pageOrigin `undefined` where there is no page (SSR)
 */
export function cacheableKey(url: string, pageOrigin: string | undefined): string | undefined {
  const parsed = parse(url);
  const isCacheable = parsed && /^(https?|s3):$/.test(parsed.protocol) && parsed.origin !== pageOrigin;
  return isCacheable ? keyOf(parsed) : undefined;
}

function keyOf({ href, host, pathname, search }: URL): string {
  const [object = href] = href.split(/[?#]/, 1);
  // Parameters stay as they are, byte for byte.
  const query = search && parametersOf(host + pathname, search).kept.join('&');
  return query === '' ? object : `${object}?${query}`;
}

let origin: string | undefined;

/** The page's origin; `undefined` in Node and in documents without one (`about:blank`, sandboxed frames). */
export function pageOrigin(): string | undefined {
  if (typeof location === 'undefined') return undefined;
  // Every image asks for it several times, and the browser composes it every time.
  origin ??= location.origin;
  return origin === 'null' ? undefined : origin;
}

function parse(url: string): URL | undefined {
  // Not `URL.canParse`: Safari has it only since 17.
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
