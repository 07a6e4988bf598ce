import { MAX_OBJECT_BYTES, MAX_XML_BYTES } from '../body.ts';
import { checksumElement, checksumHeaders, toChecksumAlgorithm, type ChecksumType } from '../checksums.ts';
import { S3Error } from '../errors.ts';
import { assemble, parsePartNumber, type Part, type Upload } from '../multipart.ts';
import { amzParameter } from '../request.ts';
import { parseXml, type XmlContent } from '../xml.ts';
import { toIsoDate, xmlReply, type Call, type Operation } from './operation.ts';
import { attributesOf, commit } from './writeObject.ts';

const MAX_PARTS = 1000;

export const createMultipartUpload: Operation = ({ request, store, uploads }) => {
  const { bucket, key } = request;
  store.bucket(bucket);
  const name = amzParameter(request, 'x-amz-checksum-algorithm');
  const algorithm = toChecksumAlgorithm(name ?? '');
  if (name !== undefined && algorithm === undefined) {
    throw new S3Error('InvalidRequest', { message: 'Checksum algorithm provided is unsupported.' });
  }
  const checksum = algorithm && {
    algorithm,
    type: toChecksumType(
      amzParameter(request, 'x-amz-checksum-type') ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : ''),
    ),
  };
  const { id } = uploads.create({ bucket, key, headers: attributesOf(request), checksum });
  const headers = checksum && {
    'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
    'x-amz-checksum-type': checksum.type,
  };
  return xmlReply('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id }, headers);
};

export const uploadPart: Operation = async (call) => {
  const { request, uploads, readBody } = call;
  const upload = findUpload(call);
  const number = parsePartNumber(request.query.get('partNumber'));
  const body = await readBody(MAX_OBJECT_BYTES);
  const part = uploads.addPart(upload, number, body);
  return { status: 200, headers: { ETag: part.etag, ...checksumHeaders(body.checksum) } };
};

export const completeMultipartUpload: Operation = async (call) => {
  const { request, uploads, readBody } = call;
  const upload = findUpload(call);
  const { bytes } = await readBody(MAX_XML_BYTES);
  const { body, etag, checksum } = assemble(upload, parseXml(bytes.toString(), 'CompleteMultipartUpload'));
  await commit(call, body, { headers: upload.headers, etag, checksum });
  uploads.delete(upload);
  return xmlReply('CompleteMultipartUploadResult', {
    Location: `/${request.bucket}/${request.key}`,
    Bucket: request.bucket,
    Key: request.key,
    ETag: etag,
    ...checksumElement(checksum),
    ChecksumType: checksum?.type,
  });
};

export const abortMultipartUpload: Operation = (call) => {
  call.uploads.delete(findUpload(call));
  return { status: 204 };
};

export const listParts: Operation = (call) => {
  const { request } = call;
  const upload = findUpload(call);
  const marker = Number(request.query.get('part-number-marker') ?? 0);
  const maxParts = Math.min(Number(request.query.get('max-parts') ?? MAX_PARTS), MAX_PARTS);
  if (!(marker >= 0 && maxParts >= 0)) throw new S3Error('InvalidArgument');
  const parts = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .toSorted((a, b) => a.number - b.number);
  const page = parts.slice(0, maxParts);
  return xmlReply('ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number,
    MaxParts: maxParts,
    IsTruncated: page.length < parts.length,
    ChecksumAlgorithm: upload.checksum?.algorithm.toUpperCase(),
    ChecksumType: upload.checksum?.type,
    Part: page.map(describePart),
  });
};

/** ListMultipartUploads, in one page, because there are never many. */
export const listMultipartUploads: Operation = ({ request, store, uploads }) => {
  const { name } = store.bucket(request.bucket);
  const prefix = request.query.get('prefix') ?? '';
  const listed = uploads.of(name).filter((upload) => upload.key.startsWith(prefix));
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: name,
    Prefix: prefix,
    IsTruncated: false,
    Upload: listed.map(({ key, id }) => ({ Key: key, UploadId: id, StorageClass: 'STANDARD' })),
  });
};

/** The upload that the request names. @throws S3Error NoSuchUpload */
export function findUpload({ request, uploads }: Call): Upload {
  return uploads.get(request.query.get('uploadId') ?? '', request.bucket, request.key);
}

function describePart(part: Part): XmlContent {
  return {
    PartNumber: part.number,
    LastModified: toIsoDate(part.lastModified),
    ETag: part.etag,
    Size: part.bytes.length,
    ...checksumElement(part.checksum),
  };
}

function toChecksumType(text: string): ChecksumType {
  return text.toUpperCase() === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE';
}
