/**
 * A service, and the parameters by which it is asked for permission, in lower case: the same service writes `X-Amz-Signature` and
 * `x-amz-signature`. Literals only, so that a bundler can leave the list out where nothing needs it.
 */
type Service = readonly [
  /** Parameters that must all have a value, or the URL is not signed by this service. */
  companions: string,
  /** The others. `-date` stands for `x-amz-date` where the companion is `x-amz-signature`. */
  words: string,
  /** The host and path that the URL must have, for services whose parameters are words that others use as well. */
  at?: RegExp,
];

/** What all signatures like SigV4 have. */
const V4 = '-algorithm -credential -date -expires -signedheaders';

/**
 * The one list of signatures, for the server and the browser. A service is told by a parameter that no other has, or by its
 * host: never by a word such as `token` alone, since elsewhere that may well choose the picture. What is not listed here
 * for the service is no signature: `x-oss-process` and `x-tos-process` make another picture of the same object.
 */
const SERVICES: readonly Service[] = [
  // SigV4: AWS, R2, MinIO, Wasabi, Spaces, and GCS for the SDKs of S3; with the headers that presigners move into the query.
  ['x-amz-signature', `${V4} -security-token -content-sha256 -s3session-token -checksum-mode x-id`],
  // SigV2, which Ceph, MinIO and others still take.
  ['awsaccesskeyid', 'signature expires x-amz-security-token'],
  // CloudFront, with a canned or a custom policy.
  ['key-pair-id', 'signature expires policy hash-algorithm'],
  // Google Cloud Storage, V4 and V2.
  ['x-goog-signature', V4],
  ['googleaccessid', 'signature expires'],
  // Azure SAS: service, account and user delegation, with its names for the headers of the answer (rscc …).
  [
    'sv sig',
    'se st sp sr ss srt spr sip si ses sdd srh srq skoid sktid skt ske sks skv skdutid sduoid saoid suoid scid rscc rscd rsce rscl rsct',
  ],
  // Alibaba Cloud OSS: V1, then V2 and V4.
  ['ossaccesskeyid', 'signature expires security-token'],
  [
    'x-oss-signature',
    '-signature-version -credential -access-key-id -date -expires -security-token -additional-headers',
  ],
  // Huawei Cloud OBS.
  ['accesskeyid', 'signature expires policy x-obs-security-token x-amz-security-token'],
  // Tencent Cloud COS.
  ['q-signature', '-sign-algorithm -ak -sign-time -key-time -header-list -url-param-list x-cos-security-token'],
  // Volcengine TOS.
  ['x-tos-signature', `${V4} -security-token -content-sha256 -policy`],
  // Supabase. Under /render/image/sign/ the token itself may say the size, so there it is no signature alone.
  ['token', '', /\/storage\/v1\/object\/sign\//],
  // Firebase: `alt=media` stays.
  ['token', '', /^firebasestorage\.googleapis\.com\//],
  // Bunny. At a host name of one's own only its directory tokens can be told.
  [
    'token',
    'expires token_path token_countries token_countries_blocked token_ignore_params limit',
    /^[^/]*\.b-cdn\.net\//,
  ],
  ['token_path token', 'expires token_countries token_countries_blocked token_ignore_params'],
  // imgix: `w`, `h` and all others stay.
  ['s', 'expires', /^[^/]*\.imgix\.net\//],
  // Contentful, embargoed assets.
  ['policy token', '', /^[^/]*\.secure\.ctfassets\.net\//],
  // Backblaze B2 by its own API.
  ['authorization', '', /^[^/]*\.backblazeb2\.com\/file\//],
  // Baidu BOS.
  ['authorization', 'x-bce-security-token', /^[^/]*\.bcebos\.com\//],
];

/** What the query of a URL says. */
export interface UrlParameters {
  /** All that belong to no signature, as they are written. */
  readonly kept: readonly string[];
  /** Whether the URL carries a signature of a service that is known here. */
  readonly signed: boolean;
}

/**
 * Parts the parameters that belong to the identity of an object from those of a signature.
 * Limit: a signature of a service that is not listed stays, so every new one is another image; name the object with the
 * option `resolveKey` then.
 * @param place host and path of the URL, e.g. `photos.s3.amazonaws.com/a.jpg`
 * @param search the query, with its `?`; names as signers write them, without percent-encoding
 */
export function parametersOf(place: string, search: string): UrlParameters {
  const pairs = search.slice(1).split('&');
  const given = new Set(pairs.filter((pair) => /=./.test(pair)).map(nameOf));
  const told = SERVICES.filter(
    ([companions, , at]) => companions.split(' ').every((name) => given.has(name)) && (!at || at.test(place)),
  );
  // Each ends in a blank, so that the empty word is among them: what has no name is no parameter.
  const signature = told
    .map(([companions, words]) => `${companions} ${words} `.replace(/ -/g, ` ${companions.replace('signature', '')}`))
    .join('')
    .split(' ');
  return { kept: pairs.filter((pair) => !signature.includes(nameOf(pair))), signed: told.length > 0 };
}

function nameOf(pair: string): string {
  return pair.split('=', 1).join('').toLowerCase();
}
