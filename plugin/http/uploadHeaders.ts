import type { IncomingHttpHeaders } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { JOB_ID } from '../uploads/index.ts';

/** What the headers of an upload say. */
export interface UploadHeaders {
  /** Hex. */
  sha256: string;
  filename: string | undefined;
  contentType: string | undefined;
  /** Bytes; `undefined` for a body in chunks. */
  size: number | undefined;
  /** `Prefer: respond-async` (RFC 7240): the answer is not to wait for the bucket. */
  isAsync: boolean;
}

const MAX_FILENAME = 255;

/** @throws ImageCacheError UPLOAD_DIGEST, INVALID_FILENAME */
export function parseUploadHeaders(headers: IncomingHttpHeaders): UploadHeaders {
  const { 'content-digest': digest, 'image-cache-filename': filename, 'content-length': length } = headers;
  return {
    sha256: parseDigest(String(digest ?? '')),
    filename: filename === undefined ? undefined : parseFilename(String(filename)),
    contentType: headers['content-type'],
    size: length === undefined ? undefined : Number(length),
    isAsync: /(?:^|,)\s*respond-async\b/i.test(String(headers['prefer'] ?? '')),
  };
}

/** @throws ImageCacheError INVALID_PATH */
export function parseJobId(text: string): string {
  if (JOB_ID.test(text)) return text;
  throw new ImageCacheError('INVALID_PATH', 'The id of an upload has 32 digits, 0 to 9 and a to f.', {
    hint: '48 bits of the time in milliseconds, and 80 random ones.',
  });
}

/** RFC 9530: `sha-256=:<base64>:`, among others perhaps. */
function parseDigest(header: string): string {
  const [, base64] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(header) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('hex');
  throw new ImageCacheError('UPLOAD_DIGEST', 'The header `Content-Digest` has no SHA-256 of the bytes.', {
    hint: 'Send `Content-Digest: sha-256=:<base64>:` (RFC 9530).',
  });
}

/** A name for people: percent-encoded UTF-8, without folders, and short. */
function parseFilename(header: string): string {
  let name: string;
  try {
    name = decodeURIComponent(header);
  } catch {
    throw new ImageCacheError('INVALID_FILENAME', 'The header `Image-Cache-Filename` is not percent-encoded UTF-8.', {
      hint: 'Encode it, e.g. with encodeURIComponent(name).',
    });
  }
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  return last.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, '\uFFFD').slice(0, MAX_FILENAME);
}
