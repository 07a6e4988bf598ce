const SIGV4 = /[?&](x-(amz|goog)-|x-id(?![^=&]))[^&]*/gi;
/** S3 signature version 2, GCS and CloudFront. Generic words, so they only count together with an access key. */
const SIGV2 = /[?&](awsaccesskeyid|googleaccessid|key-pair-id|signature|expires|policy|hash-algorithm)(?![^=&])[^&]*/gi;
const SIGV2_MARK = /[?&](awsaccesskeyid|googleaccessid|key-pair-id)=/i;
/** What is left around parameters that are gone. */
const SEPARATORS = /^[?&]+|&+(?=&|$)/g;

/**
 * Names the object behind a URL as far as a browser can: known signature parameters are dropped, everything else
 * (`versionId`, `response-*`) is kept. The server's canonical URL folds more (path style, CDN hosts); where the two
 * differ, the registry learns of it from the entry.
 */
export function imageKey(url: string): string {
  const parsed = parse(url);
  return parsed ? keyOf(parsed) : url;
}

/**
 * The key of what the cache may be asked for at all; `undefined` for `data:`, `blob:`, relative and same-origin URLs, which
 * stay as they are.
 * @param pageOrigin `undefined` where there is no page (SSR)
 */
export function cacheableKey(url: string, pageOrigin: string | undefined): string | undefined {
  const parsed = parse(url);
  const isCacheable = parsed && /^(https?|s3):$/.test(parsed.protocol) && parsed.origin !== pageOrigin;
  return isCacheable ? keyOf(parsed) : undefined;
}

function keyOf({ href, search }: URL): string {
  const [object = href] = href.split(/[?#]/, 1);
  // Parameters stay byte for byte what they were.
  const unsigned = search.replace(SIGV4, '');
  const kept = (SIGV2_MARK.test(search) ? unsigned.replace(SIGV2, '') : unsigned).replace(SEPARATORS, '');
  return kept === '' ? object : `${object}?${kept}`;
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
