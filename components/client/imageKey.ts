import { parametersOf } from '../../plugin/signatures.ts';

/**
 * Returns the name of the object behind a URL, as far as a browser can know it: signatures are removed by the same list that the server
 * uses, and everything else is kept. The server recognises more URLs as the same object (path style, CDN hosts). `knownImages` learns about
 * those from the entry.
 */
export function imageKey(url: string): string {
  const parsed = parse(url);
  return parsed ? keyOf(parsed) : url;
}

/**
 * The key of an image that the cache may hold. `undefined` for `data:`, `blob:`, relative and same-origin URLs, which are used as they
 * are.
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
  // Kept, because every image needs it several times, and browsers compute it each time.
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
