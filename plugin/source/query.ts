import { ImageCacheError } from '../errors.ts';
import type { RawUrl } from './rawUrl.ts';
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
  /** Whether it names a version in another way than S3, in which the SDK cannot ask for it. */
  readonly hasForeignVersion: boolean;
  /** What the canonical URL keeps, sorted: empty or beginning with `?`. */
  readonly canonical: string;
}

/** SigV4; SigV2 and CloudFront; GCS; Azure SAS. */
const SIGNATURE = ['x-amz-signature', 'signature', 'x-goog-signature', 'sig'];

/**
 * How others name a version, which is `versionId` in S3. These are common words, so they count only beside a signature of
 * that store, or at a host of its own.
 */
const FOREIGN_VERSIONS = [
  {
    names: ['generation'],
    signedBy: ['x-goog-signature', 'googleaccessid'],
    host: /(?:^|\.)storage\.googleapis\.com$/,
  },
  {
    names: ['versionid', 'snapshot'],
    signedBy: ['sig'],
    host: /\.blob\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)$/,
  },
];

/**
 * Reads what a query says about the object, and drops the rest: signatures, `x-id`, tracking.
 * Limit: a CDN whose other parameters change the bytes (`?w=200`) needs the option `resolveKey`.
 * @param base what the canonical URL begins with, so that the store is known again by that URL alone
 */
export function parseQuery({ scheme, host, search }: RawUrl, base: string): ObjectQuery {
  const pairs = pairsOf(search);
  const names = new Set(pairs.map(([name]) => name.toLowerCase()));
  // An `s3:` URL is never sent as it is: nothing but what the SDK can ask for matters in it.
  const isSendable = scheme !== 's3:';
  const foreign = isSendable ? foreignVersions(names, host, base) : [];

  const kept = new Map<string, string>();
  for (const [name, value] of pairs) {
    const isKept = name === 'versionId' || isOverride(name) || foreign.includes(name.toLowerCase());
    if (!isKept) continue;
    if (kept.has(name)) throw new ImageCacheError('INVALID_URL', `The URL has ${name} twice.`);
    kept.set(name, percentDecode(value.replaceAll('+', ' ')));
  }

  const sorted = [...kept].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const ofS3 = sorted.filter(([name]) => name === 'versionId' || isOverride(name));
  return {
    versionId: kept.get('versionId'),
    overrides: Object.fromEntries(ofS3.filter(([name]) => name !== 'versionId')),
    signed: isSendable && SIGNATURE.some((name) => names.has(name)),
    hasForeignVersion: ofS3.length < sorted.length,
    canonical: sorted.length === 0 ? '' : `?${sorted.map((pair) => pair.map(percentEncode).join('=')).join('&')}`,
  };
}

/** The parameters that have a value, which is as written. */
function pairsOf(search: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const pair of search.slice(1).split('&')) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals === pair.length - 1) continue;
    pairs.push([percentDecode(pair.slice(0, equals)), pair.slice(equals + 1)]);
  }
  return pairs;
}

/** Which parameters name a version to the store behind the URL, in lower case; the key keeps them as they are written. */
function foreignVersions(names: ReadonlySet<string>, host: string, base: string): string[] {
  const isOf = (store: (typeof FOREIGN_VERSIONS)[number]) =>
    store.signedBy.some((name) => names.has(name)) || store.host.test(host) || store.host.test(new URL(base).host);
  return FOREIGN_VERSIONS.filter((store) => store.names.some((name) => names.has(name)) && isOf(store)).flatMap(
    (store) => store.names,
  );
}

function isOverride(name: string): name is Override {
  return OVERRIDES.some((override) => override === name);
}
