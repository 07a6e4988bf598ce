import type { IncomingMessage } from 'node:http';
import { verifyChecksum, verifyContentMd5, type Checksum } from './checksums.ts';
import { decodeChunkedBody, isChunkedBody, type DecodedBody } from './chunkedBody.ts';
import { S3Error } from './errors.ts';
import { header, type S3Request } from './request.ts';
import { isSameSignature, sha256, UNSIGNED_PAYLOAD, type Authorization } from './sigv4.ts';

/** The most bytes of an object or part. Bodies are kept in memory. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;
/** The most bytes of an XML body: enough for `DeleteObjects` with 1,000 keys of 1,024 bytes. */
export const MAX_XML_BYTES = 2 * 1024 * 1024;

/** A body that matches what its sender announced. */
export interface VerifiedBody {
  bytes: Buffer;
  checksum: Checksum | undefined;
}

/**
 * Reads the whole body and verifies everything that was announced: length, SHA-256, chunk signatures, Content-MD5, checksum.
 * @throws S3Error EntityTooLarge, IncompleteBody, BadDigest, XAmzContentSHA256Mismatch, …
 */
export async function readBody(request: S3Request, authorization: Authorization, limit: number): Promise<VerifiedBody> {
  const decodedLength = header(request, 'x-amz-decoded-content-length');
  if (Number(decodedLength ?? 0) > limit) throw tooLarge(limit);
  // Chunk framing adds a line of about 90 bytes to every 8 KiB or more.
  const raw = await collect(request.incoming, isChunkedBody(authorization.payloadHash) ? limit * 1.02 + 4096 : limit);
  const { bytes, trailers } = decode(raw, authorization);
  if (decodedLength !== undefined && Number(decodedLength) !== bytes.length) throw new S3Error('IncompleteBody');
  for (const name of header(request, 'x-amz-trailer')?.split(',') ?? []) {
    if (trailers[name.trim().toLowerCase()] === undefined) throw new S3Error('MalformedTrailerError');
  }
  verifyContentMd5(header(request, 'content-md5'), bytes);
  return { bytes, checksum: verifyChecksum({ ...request.headers, ...trailers }, bytes) };
}

function decode(raw: Buffer, authorization: Authorization): DecodedBody {
  const { payloadHash } = authorization;
  if (isChunkedBody(payloadHash)) return decodeChunkedBody(raw, authorization);
  if (payloadHash !== UNSIGNED_PAYLOAD && !isSameSignature(payloadHash, sha256(raw))) {
    throw new S3Error('XAmzContentSHA256Mismatch');
  }
  return { bytes: raw, trailers: {} };
}

async function collect(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  // A consumer that stops early destroys the stream, and the socket with it: the answer would never arrive.
  // The types allow anything, but without an encoding each chunk is a Buffer.
  const stream: AsyncIterable<Buffer> = incoming.iterator({ destroyOnReturn: false });
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(limit: number): S3Error {
  return new S3Error('EntityTooLarge', { fields: { MaxSizeAllowed: limit } });
}
