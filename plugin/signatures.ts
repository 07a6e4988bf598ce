/**
 * The parameters of a service's signature, in lower case, because the same service writes `X-Amz-Signature` and
 * `x-amz-signature`. The list contains only literals, so that a bundler can leave it out where it is not needed.
 */
type Service = readonly [
  /** Parameters that must all have a value; otherwise the URL is not signed by this service. */
  companions: readonly string[],
  /** Its other parameters. `-date` is short for `x-amz-date` if the companion is `x-amz-signature`. */
  words: string,
  /** The host and path that the URL must have, for services whose parameter names are also used for other things. */
  at?: RegExp,
];

/** Parameters of all signatures that are like SigV4. */
const V4 = '-algorithm -credential -date -expires -signedheaders';

/**
 * The list of signatures, for the server and the browser. A service is recognised by a parameter that no other service has, or by
 * its host. It is never recognised by a word such as `token` alone, because that may choose the picture elsewhere. A parameter
 * that is not listed for the service is not part of the signature: `x-oss-process` and `x-tos-process` make another picture of the
 * same object.
 */
const SERVICES: readonly Service[] = [
  // SigV4: AWS, R2, MinIO, Wasabi, Spaces, and GCS when it is used with SDKs of S3. Presigners move some headers into the query.
  [['x-amz-signature'], `${V4} -security-token -content-sha256 -s3session-token -checksum-mode x-id`],
  // SigV2, which Ceph, MinIO and others still accept.
  [['awsaccesskeyid'], 'signature expires x-amz-security-token'],
  // CloudFront, with a canned or a custom policy.
  [['key-pair-id'], 'signature expires policy hash-algorithm'],
  // Google Cloud Storage, V4 and V2.
  [['x-goog-signature'], V4],
  [['googleaccessid'], 'signature expires'],
  // Azure SAS: service, account and user delegation. `rscc` and the like set headers of the answer.
  [
    ['sv', 'sig'],
    'se st sp sr ss srt spr sip si ses sdd srh srq skoid sktid skt ske sks skv skdutid sduoid saoid suoid scid rscc rscd rsce rscl rsct',
  ],
  // Alibaba Cloud OSS: V1, then V2 and V4.
  [['ossaccesskeyid'], 'signature expires security-token'],
  [
    ['x-oss-signature'],
    '-signature-version -credential -access-key-id -date -expires -security-token -additional-headers',
  ],
  // Huawei Cloud OBS.
  [['accesskeyid'], 'signature expires policy x-obs-security-token x-amz-security-token'],
  // Tencent Cloud COS.
  [['q-signature'], '-sign-algorithm -ak -sign-time -key-time -header-list -url-param-list x-cos-security-token'],
  // Volcengine TOS.
  [['x-tos-signature'], `${V4} -security-token -content-sha256 -policy`],
  // Supabase. Not under /render/image/sign/, where the token may also contain the size of the picture.
  [['token'], '', /\/storage\/v1\/object\/sign\//],
  // Firebase. `alt=media` is not part of the signature.
  [['token'], '', /^firebasestorage\.googleapis\.com\//],
  // Bunny. At a custom host name, only its directory tokens can be recognised.
  [
    ['token'],
    'expires token_path token_countries token_countries_blocked token_ignore_params limit',
    /^[^/]*\.b-cdn\.net\//,
  ],
  [['token_path', 'token'], 'expires token_countries token_countries_blocked token_ignore_params'],
  // imgix. `w`, `h` and all others are not part of the signature.
  [['s'], 'expires', /^[^/]*\.imgix\.net\//],
  // Contentful, embargoed assets.
  [['policy', 'token'], '', /^[^/]*\.secure\.ctfassets\.net\//],
  // Backblaze B2, with its own API.
  [['authorization'], '', /^[^/]*\.backblazeb2\.com\/file\//],
  // Baidu BOS.
  [['authorization'], 'x-bce-security-token', /^[^/]*\.bcebos\.com\//],
];

/** The parameters of a URL, without those of its signature. */
export interface UrlParameters {
  /** All parameters that are not part of a signature, as they are written. */
  readonly kept: readonly string[];
  /** Whether the URL carries a signature of a service that is known here. */
  readonly signed: boolean;
}

/**
 * Separates the parameters that belong to the identity of an object from those of a signature.
 * Limit: a signature of a service that is not listed is kept, so every new signature is another image. Such apps can name the
 * object with the option `resolveKey`.
 * @param place host and path of the URL, e.g. `photos.s3.amazonaws.com/a.jpg`
 * @param search the query, with its `?`; names as signers write them, without percent-encoding
 */
export function parametersOf(place: string, search: string): UrlParameters {
  const pairs = search.slice(1).split('&');
  const names = pairs.map(nameOf);
  const given = new Set(names.filter((name, at) => (pairs[at]?.length ?? 0) > name.length + 1));
  const told = SERVICES.filter(
    ([companions, , at]) => companions.every((name) => given.has(name)) && (!at || at.test(place)),
  );
  // Each ends in a blank, so that the empty word is one of the names to drop: a part without a name is not a parameter.
  const signature = told
    .map(([companions, words]) =>
      `${companions.join(' ')} ${words} `.replace(/ -/g, ` ${companions.join().replace('signature', '')}`),
    )
    .join('')
    .split(' ');
  return { kept: pairs.filter((_, at) => !signature.includes(names[at] ?? '')), signed: told.length > 0 };
}

function nameOf(pair: string): string {
  const [name = ''] = pair.split('=', 1);
  return name.toLowerCase();
}
