import { checksumElement, checksumOf, toChecksumAlgorithm } from '../checksums.ts';
import { evaluateReadConditions } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import { parsePartNumber } from '../multipart.ts';
import type { StoredObject } from '../objectStore.ts';
import { parseRange } from '../range.ts';
import { header } from '../request.ts';
import { findUpload } from './multipartUpload.ts';
import { toIsoDate, xmlReply, type Call, type Operation } from './operation.ts';
import { findObject } from './readObject.ts';
import { attributesOf, commit } from './writeObject.ts';

/** CopyObject, within this server. */
export const copyObject: Operation = async (call) => {
  const { request } = call;
  const source = await findSource(call);
  const replace = header(request, 'x-amz-metadata-directive')?.toUpperCase() === 'REPLACE';
  if (!replace && source.bucket === request.bucket && source.key === request.key) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.";
    throw new S3Error('InvalidRequest', { message });
  }
  const algorithm = toChecksumAlgorithm(header(request, 'x-amz-checksum-algorithm') ?? '');
  const { body, headers, checksum } = source.object;
  const object = await commit(call, body, {
    headers: replace ? attributesOf(request) : headers,
    checksum: algorithm === undefined ? checksum : checksumOf(algorithm, body),
  });
  return xmlReply('CopyObjectResult', {
    ETag: object.etag,
    LastModified: toIsoDate(object.lastModified),
    ...checksumElement(object.checksum),
  });
};

/** UploadPartCopy: copies an object, or a range of one, as a part. */
export const uploadPartCopy: Operation = async (call) => {
  const { request } = call;
  const upload = findUpload(call);
  const number = parsePartNumber(request.query.get('partNumber'));
  const { body } = (await findSource(call)).object;
  const range = parseRange(header(request, 'x-amz-copy-source-range'), body.length);
  const bytes = range === undefined ? body : body.subarray(range.start, range.end + 1);
  const part = call.uploads.addPart(upload, number, { bytes, checksum: undefined });
  return xmlReply('CopyPartResult', {
    ETag: part.etag,
    LastModified: toIsoDate(part.lastModified),
    ...checksumElement(part.checksum),
  });
};

/** The object that `x-amz-copy-source` names, if its conditions hold. */
async function findSource(call: Call): Promise<{ bucket: string; key: string; object: StoredObject }> {
  const { bucket, key } = parseCopySource(header(call.request, 'x-amz-copy-source') ?? '');
  const object = await findObject(call, bucket, key);
  evaluateReadConditions(call.request, object, 'x-amz-copy-source-');
  return { bucket, key, object };
}

function parseCopySource(source: string): { bucket: string; key: string } {
  const [path = ''] = source.replace(/^\//, '').split('?versionId=');
  const slash = path.indexOf('/');
  try {
    if (slash > 0) return { bucket: path.slice(0, slash), key: decodeURIComponent(path.slice(slash + 1)) };
  } catch {
    // A malformed encoding is refused below.
  }
  throw new S3Error('InvalidArgument', {
    message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    fields: { ArgumentName: 'x-amz-copy-source', ArgumentValue: source },
  });
}
