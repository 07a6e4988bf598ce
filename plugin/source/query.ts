import { ImageCacheError } from '../errors.ts';
import { percentDecode, percentEncode } from './rfc3986.ts';

/** Query parameters by which a request rewrites headers of the answer. They change what is received, so they are identity. */
const OVERRIDES = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
] as const;

export type Override = (typeof OVERRIDES)[number];

interface ObjectQuery {
  readonly versionId: string | undefined;
  readonly overrides: Readonly<Partial<Record<Override, string>>>;
  /** Whether the URL grants access by itself. */
  readonly signed: boolean;
  /** What the canonical URL keeps, sorted: empty or beginning with `?`. */
  readonly canonical: string;
}

/** SigV4; SigV2 and CloudFront; GCS; Azure SAS. */
const SIGNATURE = new Set(['x-amz-signature', 'signature', 'x-goog-signature', 'sig']);

/**
 * Reads what a query says about the object, and drops the rest: signatures, `x-id`, tracking.
 * Limit: a CDN whose other parameters change the bytes (`?w=200`) needs the option `resolveKey`.
 */
export function parseQuery(search: string): ObjectQuery {
  const kept = new Map<string, string>();
  let signed = false;
  for (const pair of search.slice(1).split('&')) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals === pair.length - 1) continue;
    const name = percentDecode(pair.slice(0, equals));
    if (SIGNATURE.has(name.toLowerCase())) signed = true;
    if (name !== 'versionId' && !isOverride(name)) continue;
    if (kept.has(name)) throw new ImageCacheError('INVALID_URL', `The URL has ${name} twice.`);
    kept.set(name, percentDecode(pair.slice(equals + 1).replaceAll('+', ' ')));
  }

  const versionId = kept.get('versionId');
  const pairs = [...kept].toSorted(([a], [b]) => (a < b ? -1 : 1));
  kept.delete('versionId');
  return {
    versionId,
    overrides: Object.fromEntries(kept),
    signed,
    canonical: pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.map(percentEncode).join('=')).join('&')}`,
  };
}

function isOverride(name: string): name is Override {
  return OVERRIDES.some((override) => override === name);
}
