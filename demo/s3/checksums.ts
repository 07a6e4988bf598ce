import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createCrc32c, createCrc64Nvme } from './crc.ts';
import { S3Error } from './errors.ts';

/** The algorithms of `x-amz-checksum-*`, spelled as in the headers, with the length of a digest in bytes. */
const CHECKSUM_ALGORITHMS = { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 } as const;
export type ChecksumAlgorithm = keyof typeof CHECKSUM_ALGORITHMS;

/** `COMPOSITE` is a checksum of the parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  algorithm: ChecksumAlgorithm;
  /** Base64; a composite one ends in `-<parts>`. */
  value: string;
  type: ChecksumType;
}

/** Case does not matter: headers say `crc32`, XML and `x-amz-checksum-algorithm` say `CRC32`. */
export function toChecksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(CHECKSUM_ALGORITHMS, lower)
    ? (lower as ChecksumAlgorithm) // hasOwn has just checked it
    : undefined;
}

/** The raw digest of the bytes. */
export function digest(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Buffer {
  if (algorithm === 'sha1' || algorithm === 'sha256') return createHash(algorithm).update(bytes).digest();
  if (algorithm === 'crc32') {
    const result = Buffer.alloc(4);
    result.writeUInt32BE(crc32(bytes));
    return result;
  }
  const crc = algorithm === 'crc32c' ? createCrc32c() : createCrc64Nvme();
  crc.update(bytes);
  return crc.digest();
}

/** The checksum of a whole object. */
export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Checksum {
  return { algorithm, value: digest(algorithm, bytes).toString('base64'), type: 'FULL_OBJECT' };
}

/**
 * Compares the body with the `x-amz-checksum-*` that was sent with it, as a header or as a trailer.
 * @throws S3Error InvalidRequest, BadDigest
 */
export function verifyChecksum(
  fields: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
): Checksum | undefined {
  const sent = Object.entries(fields).flatMap(([name, value]) => {
    const algorithm = name.startsWith('x-amz-checksum-') ? toChecksumAlgorithm(name.slice(15)) : undefined;
    return algorithm && typeof value === 'string' ? [{ algorithm, value }] : [];
  });
  const [claim, ...others] = sent;
  if (claim === undefined) return undefined;
  if (others.length > 0) {
    throw new S3Error('InvalidRequest', { message: 'Expecting a single x-amz-checksum- header.' });
  }
  const claimed = Buffer.from(claim.value, 'base64');
  if (claimed.length !== CHECKSUM_ALGORITHMS[claim.algorithm]) {
    throw new S3Error('InvalidRequest', { message: `Value for x-amz-checksum-${claim.algorithm} header is invalid.` });
  }
  if (!timingSafeEqual(claimed, digest(claim.algorithm, body))) {
    const name = claim.algorithm.toUpperCase();
    throw new S3Error('BadDigest', { message: `The ${name} you specified did not match the calculated checksum.` });
  }
  return { ...claim, type: 'FULL_OBJECT' };
}

/** @throws S3Error InvalidDigest, BadDigest */
export function verifyContentMd5(header: string | undefined, body: Uint8Array): void {
  if (header === undefined) return;
  const claimed = Buffer.from(header, 'base64');
  if (claimed.length !== 16) throw new S3Error('InvalidDigest');
  if (!timingSafeEqual(claimed, createHash('md5').update(body).digest())) throw new S3Error('BadDigest');
}

/** The response headers with a checksum. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** The XML element with a checksum, e.g. `{ ChecksumCRC32: '…' }`. */
export function checksumElement(checksum: Checksum | undefined): Record<string, string> {
  return checksum === undefined ? {} : { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value };
}
