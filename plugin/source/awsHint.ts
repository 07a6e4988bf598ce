import { bucketLine } from './bucketLine.ts';
import type { RawUrl } from './rawUrl.ts';

/** A kind of host at AWS that is not the host of a bucket. */
interface HostKind {
  readonly host: RegExp;
  readonly hint: (groups: Readonly<Record<string, string | undefined>>, url: RawUrl) => string;
}

const accessPoint =
  (name: string) =>
  (_: unknown, { host }: RawUrl) =>
    `This is ${name}. To read its presigned URLs, list its host with the bucket behind it: ${bucketLine(undefined, { cdn: host })}. For URLs without a signature, use s3://<bucket>/<key>.`;

/** The kinds by their names in the AWS documentation, with their hosts as it writes them. */
const KINDS: readonly HostKind[] = [
  {
    host: /^[a-z0-9-]+\.s3-accesspoint(?:-fips)?(?:\.dualstack)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/,
    hint: accessPoint('an access point'),
  },
  {
    host: /^[a-z0-9]+\.mrap\.accesspoint\.s3-global\.amazonaws\.com$/,
    hint: accessPoint('a multi-region access point'),
  },
  {
    host: /^[a-z0-9.-]+\.s3-outposts\.[a-z0-9-]+\.amazonaws\.com$/,
    hint: accessPoint('an access point of S3 on Outposts'),
  },
  {
    host: /^[a-z0-9-]+\.accesspoint\.vpce-[a-z0-9-]+\.s3\.[a-z0-9-]+\.vpce\.amazonaws\.com$/,
    hint: accessPoint('an access point behind a VPC endpoint'),
  },
  {
    host: /^[a-z0-9-]+\.s3-object-lambda(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com$/,
    // With the name of the bucket, the result of the function would be cached as the object itself.
    hint: (_, { host }) =>
      `This is an Object Lambda access point, whose images are not those of the bucket. List it by its own alias: ${bucketLine('my-alias--ol-s3', { cdn: host })}`,
  },
  {
    host: /^(?<bucket>[a-z0-9.-]+)\.s3-website[.-](?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
    hint: ({ bucket, region }) =>
      `This is a website endpoint, which speaks only http and answers errors as HTML. Use s3://${bucket}/<key>, or https://${bucket}.s3.${region}.amazonaws.com/<key>, and list ${bucketLine(bucket)}`,
  },
  {
    host: /^(?:(?<bucket>[a-z0-9.-]+)\.)?(?<server>bucket\.vpce-[a-z0-9-]+\.s3\.(?<region>[a-z0-9-]+)\.vpce\.amazonaws\.com)$/,
    hint: ({ bucket, server, region }, { path }) => {
      const virtual = bucket === undefined ? {} : ({ forcePathStyle: false } as const);
      const line = bucketLine(bucket ?? path.split('/', 2)[1], { region, endpoint: `https://${server}`, ...virtual });
      return `This is a VPC endpoint: ${line}`;
    },
  },
];

/** The hint for a URL of AWS whose host is not the host of a bucket; `undefined` for all others. */
export function awsHint(url: RawUrl): string | undefined {
  for (const { host, hint } of KINDS) {
    const match = host.exec(url.host);
    if (match !== null) return hint(match.groups ?? {}, url);
  }
  return undefined;
}
