import type { S3Client } from '@aws-sdk/client-s3';
import { parseAmzDate } from './amzDate.ts';
import { percentEncode } from './rfc3986.ts';
import type { SdkRequest } from './sdkRequest.ts';

/** Makes the request for another key of the same bucket, signed at a time. @throws the errors of the provider of credentials */
export type RequestTemplate = (objectKey: string, signingDate: Date) => Promise<SdkRequest>;

/** `Credential=<access key>/<date>/<region>/s3/aws4_request`, the beginning of SigV4's `Authorization`. */
const SCOPE = /^AWS4-HMAC-SHA256 Credential=[^,]*\/\d{8}\/([^/,]+)\/s3\/aws4_request,/;
/** Headers that belong to one request only, as do `authorization` and `x-amz-date`, which the signer replaces. */
const ITS_OWN = new Set(['amz-sdk-invocation-id', 'amz-sdk-request', 'x-amz-security-token']);

/**
 * Uses one request of the SDK as a template for the other requests to its bucket. All of the SDK's middleware together takes five
 * times the processor time of its signer alone, which would slow down a prefetch of many images.
 *
 * The template is checked: the path must end in the key, and the SDK's own request, signed once more, must get the same signature,
 * which proves that credentials, region and rules are the same. If not (S3 Express with its sessions, SigV4a of multi-region access
 * points), the result is `undefined`, and the SDK makes every request.
 */
export async function templateOf(
  request: SdkRequest,
  objectKey: string,
  { credentials, sha256 }: Pick<S3Client['config'], 'credentials' | 'sha256'>,
): Promise<RequestTemplate | undefined> {
  const end = encodedKey(objectKey);
  const { authorization = '', 'x-amz-date': date = '' } = request.headers;
  const region = SCOPE.exec(authorization)?.[1];
  if (region === undefined || !request.path.endsWith(`/${end}`)) return undefined;

  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({ credentials, region, service: 's3', sha256, uriEscapePath: false });
  const again = await signer.sign({ ...request, method: 'GET' }, { signingDate: new Date(parseAmzDate(date)) });
  if (again.headers['authorization'] !== authorization) return undefined;

  const folder = request.path.slice(0, -end.length);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !ITS_OWN.has(name)));
  return async (key, signingDate) => {
    const next = { ...request, method: 'GET', path: folder + encodedKey(key), headers };
    return { ...next, headers: (await signer.sign(next, { signingDate })).headers };
  };
}

/** Encodes a key, whose slashes are kept as those of the path. */
function encodedKey(objectKey: string): string {
  return objectKey.split('/').map(percentEncode).join('/');
}
