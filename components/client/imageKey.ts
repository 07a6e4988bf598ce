const SIGV4 = /^(x-amz-.*|x-goog-.*|x-id)$/;
/** S3 signature version 2, GCS and CloudFront. Generic words, so they only count together with an access key. */
const SIGV2 = /^(awsaccesskeyid|googleaccessid|key-pair-id|signature|expires|policy|hash-algorithm)$/;
const SIGV2_MARK = /[?&](awsaccesskeyid|googleaccessid|key-pair-id)=/i;

/**
 * Names the object behind a URL as far as a browser can: known signature parameters are dropped, everything else
 * (`versionId`, `response-*`) is kept. The server's canonical URL folds more (path style, CDN hosts); where the two
 * differ, the registry learns of it from the entry.
 */
export function imageKey(url: string): string {
  const parsed = parse(url);
  if (!parsed) return url;
  const { search } = parsed;
  const hasSigV2 = SIGV2_MARK.test(search);
  const kept = search
    .slice(1)
    .split('&')
    .filter((parameter) => {
      const name = parameter.replace(/=.*/, '').toLowerCase();
      return name !== '' && !SIGV4.test(name) && !(hasSigV2 && SIGV2.test(name));
    });
  // Not `parsed.search = …`: parameters stay byte for byte what they were.
  parsed.search = '';
  parsed.hash = '';
  return kept.length === 0 ? parsed.href : `${parsed.href}?${kept.join('&')}`;
}

/**
 * Whether the cache may be asked for a URL at all. `data:`, `blob:`, relative and same-origin ones stay as they are.
 * @param pageOrigin `undefined` where there is no page (SSR)
 */
export function isCacheable(url: string | undefined, pageOrigin: string | undefined): url is string {
  const parsed = parse(url ?? '');
  return parsed !== undefined && /^(https?|s3):$/.test(parsed.protocol) && parsed.origin !== pageOrigin;
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
