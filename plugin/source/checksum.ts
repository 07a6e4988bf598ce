import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { type Crc, createCrc32c, createCrc64Nvme } from './crc.ts';
import { TransientError } from './transientError.ts';

/** Computes the checksum of a body while it passes. */
export interface Checksum {
  update(chunk: Uint8Array): void;
  /** @throws ImageCacheError UPSTREAM_CHECKSUM */
  verify(): void;
}

/**
 * The first checksum in the headers; `undefined` if there is none. A checksum of checksums (multipart, `…-3`) is ignored, because
 * it is not a checksum of the bytes.
 */
export function checksumOf(headers: IncomingHttpHeaders): Checksum | undefined {
  const composite = headers['x-amz-checksum-type'] === 'COMPOSITE';
  for (const [name, start] of ALGORITHMS) {
    const expected = headers[name];
    if (typeof expected !== 'string' || (composite && name !== 'content-md5') || !BASE64.test(expected)) continue;
    const sum = start();
    return {
      update: sum.update,
      verify: () => {
        if (sum.digest() === expected) return;
        throw new TransientError('UPSTREAM_CHECKSUM', `The image does not have the checksum its ${name} announced.`, {
          hint: 'Something between the bucket and this machine changed the bytes, or the object was stored with a wrong checksum: upload it again.',
        });
      },
    };
  }
  return undefined;
}

interface Sum {
  update(chunk: Uint8Array): void;
  /** Base64. */
  digest(): string;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** S3 sends one of them, and only if the request asks for it (`x-amz-checksum-mode`, as URLs of the SDK's presigner do). */
const ALGORITHMS: readonly (readonly [header: string, start: () => Sum])[] = [
  ['x-amz-checksum-sha256', () => hashSum('sha256')],
  ['x-amz-checksum-crc32', crc32Sum],
  ['x-amz-checksum-sha1', () => hashSum('sha1')],
  ['x-amz-checksum-crc64nvme', () => crcSum(createCrc64Nvme())],
  ['x-amz-checksum-crc32c', () => crcSum(createCrc32c())],
  ['content-md5', () => hashSum('md5')],
];

function hashSum(algorithm: string): Sum {
  const hash = createHash(algorithm);
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('base64') };
}

function crcSum(crc: Crc): Sum {
  return { update: crc.update, digest: () => crc.digest().toString('base64') };
}

function crc32Sum(): Sum {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
}
