import { type Check, fail, type Finding, ok, warn } from '../../check.ts';
import { expiryOf, parametersOf } from '../../../source/index.ts';
import { durationText } from '../../texts.ts';
import type { ImageFacts } from './facts.ts';

const MAX_EXPIRES_S = 7 * 24 * 60 * 60;
/** AWS accepts SigV2 only there, and only for buckets from before June 2020. */
const SIGV2_REGIONS = new Set([
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
]);
/** A parameter that only one service has, and what its signatures are called. */
const KINDS: readonly (readonly [parameter: string, kind: string])[] = [
  ['x-amz-signature', 'SigV4'],
  ['awsaccesskeyid', 'SigV2'],
  ['x-goog-signature', 'Google V4'],
  ['googleaccessid', 'Google V2'],
  ['key-pair-id', 'CloudFront'],
  ['sig', 'Azure SAS'],
];

/** What the URL says of itself. That the signature is right, only the server can say. */
export function signatureCheck(facts: ImageFacts): Check {
  const { object, installation } = facts;
  return {
    id: 'image.signature',
    group: 'image',
    title: 'Its signature can be valid',
    after: ['image.identity'],
    async run() {
      if (!object.signed) {
        return ok(
          object.asAsked === undefined
            ? 'It has none, and is read with the credentials of the bucket.'
            : 'It has none, and is requested as it is, without credentials.',
        );
      }
      const { entry } = await installation.cache.glance(object);
      return judge(facts, installation.probes.now(), entry !== undefined);
    },
  };
}

function judge({ object }: ImageFacts, now: number, isCached: boolean): Finding {
  const search = object.asAsked?.search ?? '';
  const query = parametersOf(search);
  const kind = KINDS.find(([name]) => query.has(name))?.[1] ?? 'a signature';
  const { bucket } = object;
  const isAws = bucket.endpoint === undefined;

  const seconds = Number(query.get('x-amz-expires') ?? query.get('x-goog-expires') ?? Number.NaN);
  if (seconds > MAX_EXPIRES_S) {
    return fail(
      `It is to be valid for ${seconds} seconds, and ${kind} allows at most ${MAX_EXPIRES_S}, which is 7 days.`,
      'Sign for 7 days or less. The cache keeps the image however long ago its signature has expired.',
      `expiresIn: ${MAX_EXPIRES_S}`,
    );
  }
  const action = query.get('x-id');
  if (action !== null && action !== 'GetObject') {
    return fail(
      `It was signed for ${action.replace(/\W/g, '').slice(0, 40)}, and images are read with GetObject.`,
      'Sign a GetObject command.',
      'new GetObjectCommand({ Bucket, Key })',
    );
  }
  const headers = (query.get('x-amz-signedheaders') ?? query.get('x-goog-signedheaders') ?? 'host').split(';');
  const unsent = headers
    .filter((name) => name !== 'host' && name !== '')
    .map((name) => name.replace(/[^\w-]/g, '').slice(0, 60));
  if (unsent.length > 0) {
    return fail(
      `The headers ${unsent.slice(0, 5).join(', ')} are part of the signature, and neither a browser nor the cache sends them.`,
      'Sign without them: `host` is the only header of a URL that an <img> can load.',
    );
  }
  if (kind === 'SigV2' && isAws && bucket.region !== undefined && !SIGV2_REGIONS.has(bucket.region)) {
    return fail(
      `It is a SigV2 signature, which ${bucket.region} does not accept.`,
      'Sign with SigV4, as all current SDKs do.',
    );
  }
  const expiry = expiryOf(search);
  if (expiry !== undefined && expiry <= now) {
    const detail = `${kind}, which expired ${durationText(now - expiry)} ago.`;
    return isCached
      ? warn(detail, 'The cached image is shown all the same. It can be downloaded again with a new URL.')
      : fail(detail, 'Get a newly signed URL; in React, use `refreshUrl`.');
  }
  const left = expiry === undefined ? `${kind}.` : `${kind}, valid for ${durationText(expiry - now)} more.`;
  if (query.has('x-amz-security-token')) {
    return warn(
      `${left} It was signed with temporary credentials, and ends with them, which may be earlier.`,
      'If URLs fail before their time, sign them with credentials that last, or sign them when they are needed.',
    );
  }
  const scope = query
    .get('x-amz-credential')
    ?.split('/')[2]
    ?.replace(/[^a-z0-9-]/g, '');
  const differs = isAws && bucket.region !== undefined && scope !== undefined && scope !== bucket.region;
  return ok(differs ? `${left} It is for ${scope}, and the option says ${bucket.region}.` : left);
}
