import { MAX_OBJECT_BYTES, MAX_XML_BYTES } from '../body.ts';
import { checksumHeaders } from '../checksums.ts';
import { checkWriteConditions } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import { header, type S3Request } from '../request.ts';
import { childrenNamed, childText, parseXml } from '../xml.ts';
import type { ObjectAttributes, StoredObject } from '../objectStore.ts';
import { xmlReply, type Call, type Operation } from './operation.ts';

const STORED_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'];
const MAX_METADATA_BYTES = 2048;
const MAX_KEYS = 1000;

export const putObject: Operation = async (call) => {
  const { request } = call;
  call.store.bucket(request.bucket);
  const length = header(request, 'x-amz-decoded-content-length') ?? header(request, 'content-length');
  if (length === undefined) throw new S3Error('MissingContentLength');

  const headers = attributesOf(request);
  const { bytes, checksum } = await call.readBody(MAX_OBJECT_BYTES);
  const object = await commit(call, bytes, { headers, checksum });
  return { status: 200, headers: { ETag: object.etag, ...checksumHeaders(checksum) } };
};

/** DeleteObject. Deleting an object that does not exist succeeds, too. */
export const deleteObject: Operation = async ({ request, store }) => {
  const { objects } = store.bucket(request.bucket);
  if (header(request, 'if-match') !== undefined) {
    await objects.get(request.key);
    checkWriteConditions(request, objects.peek(request.key));
  }
  objects.delete(request.key);
  return { status: 204 };
};

export const deleteObjects: Operation = async ({ request, store, readBody }) => {
  const { objects } = store.bucket(request.bucket);
  const { bytes, checksum } = await readBody(MAX_XML_BYTES);
  if (checksum === undefined && header(request, 'content-md5') === undefined) {
    throw new S3Error('InvalidRequest', { message: 'Missing required header for this request: Content-MD5' });
  }
  const root = parseXml(bytes.toString(), 'Delete');
  const keys = childrenNamed(root, 'Object').map((object) => childText(object, 'Key') ?? '');
  if (keys.length === 0 || keys.length > MAX_KEYS || keys.includes('')) throw new S3Error('MalformedXML');

  for (const key of keys) objects.delete(key);
  const quiet = childText(root, 'Quiet')?.trim() === 'true';
  return xmlReply('DeleteResult', quiet ? {} : { Deleted: keys.map((Key) => ({ Key })) });
};

/** Stores the object if the conditions of the request allow it. @throws S3Error PreconditionFailed, … */
export async function commit(call: Call, body: Buffer, attributes: ObjectAttributes): Promise<StoredObject> {
  const { request, store } = call;
  const { objects } = store.bucket(request.bucket);
  // A lazy object is made first, because its ETag is needed for the comparison.
  if (header(request, 'if-match') !== undefined) await objects.get(request.key);
  checkWriteConditions(request, objects.peek(request.key));
  return objects.put(request.key, body, attributes);
}

/** The headers that are stored with an object. @throws S3Error MetadataTooLarge */
export function attributesOf(request: S3Request): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of STORED_HEADERS) {
    const value = header(request, name);
    if (value !== undefined) kept[name] = value;
  }
  // `aws-chunked` is about this transfer, not about the object.
  const encodings =
    header(request, 'content-encoding')
      ?.split(',')
      .map((encoding) => encoding.trim()) ?? [];
  const contentEncoding = encodings.filter((encoding) => encoding !== 'aws-chunked').join(',');
  if (contentEncoding !== '') kept['content-encoding'] = contentEncoding;

  const metadata = [...Object.entries(request.headers), ...request.query].flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') && typeof value === 'string' ? [[name, value] as const] : [],
  );
  const size = metadata.reduce((sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length, 0);
  if (size > MAX_METADATA_BYTES) throw new S3Error('MetadataTooLarge', { fields: { Size: size } });
  return { ...kept, ...Object.fromEntries(metadata) };
}
