import * as z from 'zod/mini';
import { endsInBucket, hasUnsetPart, isBucketName, isEndpoint, isHostName, isHttpUrl, pathOf } from '../endpoint.ts';
import { checkedText, text, UNSET, urlIn } from './texts.ts';

const bucketName = checkedText(
  "a bucket's name such as 'team-photos', without s3:// or a path",
  isBucketName,
  (value) => {
    const name = bucketIn(value);
    return name === undefined ? undefined : `Write '${name}'.`;
  },
);

/** Finds the bucket's name in a text that was written instead of it: a URI, an ARN, a URL of AWS, or a name with a path. */
function bucketIn(value: string): string | undefined {
  const [, name = ''] =
    /^(?:s3:\/\/|arn:[\w-]+:s3:::)([^/]+)/i.exec(value) ??
    /^https?:\/\/([^/]+)\.s3[.-][^/]*amazonaws\.com/i.exec(value) ??
    /^https?:\/\/s3[^/]*\.amazonaws\.com\/([^/?#]+)/i.exec(value) ??
    /^([^/:]+)\//.exec(value) ??
    [];
  return isBucketName(name) ? name : undefined;
}

const REGION = "a region such as 'eu-central-1'";

/** Regions of AWS are part of host names. Other servers may use any name for theirs. */
const isAwsRegion = (value: string) => /^[a-z\d-]+$/.test(value);

function hintForRegion(value: string): string {
  const lower = value.trim().toLowerCase();
  if (/^[a-z]+(?:-[a-z]+)+-\d+$/.test(lower)) return `Write '${lower}'.`;
  return 'Use the short name, e.g. eu-central-1 for Europe (Frankfurt).';
}

const endpoint = checkedText("an http(s) URL such as 'https://s3.example.com'", isEndpoint, (value) =>
  isHttpUrl(value) && hasUnsetPart(new URL(value)) ? `A part of the host name is missing. ${UNSET}` : undefined,
);

const cdnHost = checkedText("a host name without scheme, port or path, e.g. 'img.example.com'", isHostName, (value) => {
  const url = urlIn(value);
  if (url === undefined || !isHostName(url.hostname)) return undefined;
  return url.port === '' ? `Write '${url.hostname}'.` : 'A server with a port is an `endpoint`, not a `cdn`.';
});

/** A text that is not blank. The SDK would accept a blank key, and only the server would refuse it. */
const secret = (expected: string) =>
  z.string({ error: expected }).check(z.refine((value) => value.trim() !== '', { error: expected }));

const credentials = z.union(
  [
    z.custom((value) => typeof value === 'function'),
    z.looseObject({
      accessKeyId: secret('the id of an access key'),
      secretAccessKey: secret('the secret of an access key'),
      sessionToken: z.optional(z.string({ error: 'a text, or left out' })),
    }),
  ],
  { error: '{ accessKeyId, secretAccessKey, sessionToken? } or a provider function' },
);

const bucketObject = z
  .strictObject({
    name: bucketName,
    region: z.optional(text(REGION)),
    endpoint: z.optional(endpoint),
    forcePathStyle: z.optional(z.boolean({ error: 'true or false' })),
    prefix: z.optional(z.string({ error: "a key prefix such as 'actors/'" })),
    cdn: z.optional(z.array(cdnHost, { error: 'an array of host names' })),
    credentials: z.optional(credentials),
  })
  .check(({ value: { region, endpoint: server }, issues }) => {
    if (region === undefined || server !== undefined || isAwsRegion(region)) return;
    const params = { hint: hintForRegion(region) };
    issues.push({ code: 'custom', input: region, path: ['region'], message: REGION, params });
  })
  .check(({ value: bucket, issues }) => {
    // An endpoint may have a path of its own. Limit: at Supabase's `/storage/v1/s3`, no bucket can be called `s3`.
    if (bucket.endpoint === undefined || !isEndpoint(bucket.endpoint)) return;
    const url = new URL(bucket.endpoint);
    if (!endsInBucket(url, bucket.name)) return;
    const server = url.origin + pathOf(url).slice(0, -bucket.name.length - 1);
    issues.push({
      code: 'custom',
      input: bucket,
      path: ['endpoint'],
      message: 'the address of the server, without the bucket',
      params: { hint: `Write '${server}': the bucket is known by its \`name\`.` },
    });
  });

/** A bucket in the options: its name, or an object of {@link BucketOptions}. */
export const bucketSchema = z.union([bucketName, bucketObject], {
  error: "a bucket's name such as 'team-photos' (without s3:// or a path), or an object with `name`",
});
