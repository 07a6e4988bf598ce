import { createHash, randomBytes } from 'node:crypto';
import { MAX_OBJECT_BYTES, type VerifiedBody } from './body.ts';
import { checksumOf, digest, type Checksum, type ChecksumAlgorithm, type ChecksumType } from './checksums.ts';
import { S3Error } from './errors.ts';
import { childrenNamed, childText, type XmlElement } from './xml.ts';

/** S3's minimum for every part but the last. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PART_NUMBER = 10_000;
/** A limit for uploads that are begun and never ended. */
const MAX_UPLOADS = 1000;

export interface Part {
  number: number;
  bytes: Buffer;
  etag: string;
  checksum: Checksum | undefined;
  lastModified: number;
}

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly checksum: { algorithm: ChecksumAlgorithm; type: ChecksumType } | undefined;
  readonly parts: Map<number, Part>;
}

/** The object that the parts of an upload make. */
export interface AssembledObject {
  body: Buffer;
  etag: string;
  checksum: Checksum | undefined;
}

/** The multipart uploads that are not completed yet. */
export class MultipartUploads {
  readonly #uploads = new Map<string, Upload>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  create(upload: Omit<Upload, 'id' | 'parts'>): Upload {
    if (this.#uploads.size >= MAX_UPLOADS) throw new S3Error('SlowDown');
    const created: Upload = { ...upload, id: randomBytes(16).toString('hex'), parts: new Map() };
    this.#uploads.set(created.id, created);
    return created;
  }

  /** @throws S3Error NoSuchUpload, also for another object's upload */
  get(id: string, bucket: string, key: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload === undefined || upload.bucket !== bucket || upload.key !== key) {
      throw new S3Error('NoSuchUpload', { fields: { UploadId: id } });
    }
    return upload;
  }

  /** The uploads of a bucket. */
  of(bucket: string): Upload[] {
    return [...this.#uploads.values()].filter((upload) => upload.bucket === bucket);
  }

  delete(upload: Upload): void {
    this.#uploads.delete(upload.id);
  }

  /** Stores a part, and replaces one with the same number. @throws S3Error EntityTooLarge */
  addPart(upload: Upload, number: number, { bytes, checksum }: VerifiedBody): Part {
    const others = [...upload.parts.values()].filter((part) => part.number !== number);
    const total = others.reduce((sum, part) => sum + part.bytes.length, bytes.length);
    if (total > MAX_OBJECT_BYTES) throw new S3Error('EntityTooLarge', { fields: { MaxSizeAllowed: MAX_OBJECT_BYTES } });
    const part: Part = {
      number,
      bytes,
      etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
      checksum: upload.checksum ? checksumOf(upload.checksum.algorithm, bytes) : checksum,
      lastModified: Math.floor(this.#now() / 1000) * 1000,
    };
    upload.parts.set(number, part);
    return part;
  }
}

/** @throws S3Error InvalidArgument */
export function parsePartNumber(text: string | null): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MAX_PART_NUMBER) return number;
  throw new S3Error('InvalidArgument', {
    message: `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
    fields: { ArgumentName: 'partNumber', ArgumentValue: text ?? '' },
  });
}

/**
 * Joins the parts that a `CompleteMultipartUpload` lists, if they match it.
 * @throws S3Error MalformedXML, InvalidPart, InvalidPartOrder, EntityTooSmall
 */
export function assemble(upload: Upload, root: XmlElement): AssembledObject {
  const parts = childrenNamed(root, 'Part').map((listed) => findPart(upload, listed));
  if (parts.length === 0) throw new S3Error('MalformedXML');
  parts.forEach((part, index) => {
    const previous = parts[index - 1];
    if (previous === undefined) return;
    if (previous.number >= part.number) throw new S3Error('InvalidPartOrder');
    if (previous.bytes.length < MIN_PART_BYTES) {
      throw new S3Error('EntityTooSmall', {
        fields: { ETag: previous.etag, PartNumber: previous.number, MinSizeAllowed: MIN_PART_BYTES },
      });
    }
  });
  const body = Buffer.concat(parts.map((part) => part.bytes));
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part.etag.slice(1, -1), 'hex')));
  const etag = `"${createHash('md5').update(digests).digest('hex')}-${parts.length}"`;
  return { body, etag, checksum: combineChecksums(upload, parts, body) };
}

function findPart(upload: Upload, listed: XmlElement): Part {
  const part = upload.parts.get(Number(childText(listed, 'PartNumber')));
  const etag = childText(listed, 'ETag')?.replaceAll('"', '');
  const claimed = part?.checksum && childText(listed, `Checksum${part.checksum.algorithm.toUpperCase()}`);
  if (part === undefined || etag !== part.etag.slice(1, -1) || (claimed && claimed !== part.checksum?.value)) {
    throw new S3Error('InvalidPart', { fields: { UploadId: upload.id, ETag: etag ?? '' } });
  }
  return part;
}

function combineChecksums({ checksum }: Upload, parts: readonly Part[], body: Buffer): Checksum | undefined {
  if (checksum === undefined) return undefined;
  const { algorithm, type } = checksum;
  if (type === 'FULL_OBJECT') return checksumOf(algorithm, body);
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part.checksum?.value ?? '', 'base64')));
  return { algorithm, value: `${digest(algorithm, digests).toString('base64')}-${parts.length}`, type };
}
