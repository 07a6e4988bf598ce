import { checksumHeaders } from '../checksums.ts';
import { allowsRange, evaluateReadConditions } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import { parseRange } from '../range.ts';
import { amzParameter, header, type S3Request } from '../request.ts';
import type { StoredObject } from '../objectStore.ts';
import { xmlReply, type Call, type Operation } from './operation.ts';

/** `response-content-type` and the like, which a signed GET may set. */
const OVERRIDES = [
  'content-type',
  'content-language',
  'content-encoding',
  'content-disposition',
  'cache-control',
  'expires',
] as const;

/** GetObject and HeadObject. The answer to HEAD is sent without its body. */
export const readObject: Operation = async (call) => {
  const { request } = call;
  const stored = await findObject(call, request.bucket, request.key);
  const object = { ...stored, etag: call.etagFor(stored.etag) };
  const validators = { ETag: object.etag, 'Last-Modified': new Date(object.lastModified).toUTCString() };
  if (evaluateReadConditions(request, object) === 'not-modified') {
    const cacheControl = object.headers['cache-control'];
    return { status: 304, headers: { ...validators, ...(cacheControl && { 'cache-control': cacheControl }) } };
  }
  const headers = { ...object.headers, ...overrides(request), ...validators, 'Accept-Ranges': 'bytes' };
  const { body } = object;
  const range = allowsRange(request, object) ? parseRange(header(request, 'range'), body.length) : undefined;
  if (range === undefined) {
    const wantsChecksum = amzParameter(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
    const checksum = wantsChecksum ? checksumHeaders(object.checksum) : {};
    return { status: 200, headers: { ...headers, ...checksum, 'Content-Length': body.length }, body };
  }
  const part = body.subarray(range.start, range.end + 1);
  const contentRange = `bytes ${range.start}-${range.end}/${body.length}`;
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': contentRange, 'Content-Length': part.length },
    body: part,
  };
};

/** GetObjectTagging, which clients request before they copy. Tags are not stored. */
export const getObjectTagging: Operation = async (call) => {
  await findObject(call, call.request.bucket, call.request.key);
  return xmlReply('Tagging', { TagSet: '' });
};

/** @throws S3Error NoSuchBucket, NoSuchKey, InvalidArgument */
export async function findObject({ request, store }: Call, bucket: string, key: string): Promise<StoredObject> {
  const version = request.query.get('versionId');
  // Objects without versions have the version "null".
  if (version !== null && version !== 'null') {
    const fields = { ArgumentName: 'versionId', ArgumentValue: version };
    throw new S3Error('InvalidArgument', { message: 'Invalid version id specified', fields });
  }
  const object = await store.bucket(bucket).objects.get(key);
  if (object === undefined) throw new S3Error('NoSuchKey', { fields: { Key: key } });
  return object;
}

function overrides(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = request.query.get(`response-${name}`);
    if (value === null) continue;
    // oxlint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(value)) throw new S3Error('InvalidArgument', { fields: { ArgumentName: name } });
    // Node writes headers as latin1, but clients expect the UTF-8 bytes that they have sent.
    headers[name] = Buffer.from(value).toString('latin1');
  }
  return headers;
}
