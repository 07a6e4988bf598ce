/** Hosts that have the bucket in front: of AWS, and of others that do as AWS does. */
const VIRTUAL_HOST = /^(?<bucket>.+?)\.(?:s3[.-]|storage\.googleapis\.com$|[\da-f]{32}\.r2\.cloudflarestorage\.com$)/;

/** The object as `s3://bucket/key`, for the AWS CLI. `undefined` for a URL that does not tell its bucket. */
export function s3Uri(s3Url: string): string | undefined {
  if (s3Url.startsWith('s3://')) return s3Url;
  if (!URL.canParse(s3Url)) return undefined;
  const { hostname, pathname } = new URL(s3Url);
  const path = decode(pathname.slice(1));
  if (path === undefined) return undefined;
  const bucket = VIRTUAL_HOST.exec(hostname)?.groups?.['bucket'];
  if (bucket !== undefined && bucket !== 's3') return `s3://${bucket}/${path}`;
  return /^[^/]+\/./.test(path) ? `s3://${path}` : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
