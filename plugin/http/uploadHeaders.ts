import type { IncomingHttpHeaders } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { UploadEntity } from '../uploadProtocol.ts';
import { entityPartProblem } from './entity.ts';
import { JOB_ID } from '../uploads/index.ts';

/** What the headers of an upload say. */
export interface UploadHeaders {
  /** Hex. */
  sha256: string;
  filename: string | undefined;
  entity: UploadEntity | undefined;
  contentType: string | undefined;
  /** Bytes; `undefined` for a body in chunks. */
  size: number | undefined;
  /** `Prefer: respond-async` (RFC 7240): the answer is not to wait for the bucket. */
  isAsync: boolean;
}

const MAX_FILENAME = 255;

/** @throws ImageCacheError UPLOAD_DIGEST, INVALID_FILENAME, ENTITY_INVALID */
export function parseUploadHeaders(headers: IncomingHttpHeaders): UploadHeaders {
  const { 'content-digest': digest, 'image-cache-filename': filename, 'content-length': length } = headers;
  const entity = headers['image-cache-entity'];
  return {
    sha256: parseDigest(String(digest ?? '')),
    filename: filename === undefined ? undefined : parseFilename(String(filename)),
    entity: entity === undefined ? undefined : parseEntity(String(entity)),
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

/** `<type>/<id>`, each percent-encoded UTF-8, so that a slash in one of them cannot be taken for the one in between. */
function parseEntity(header: string): UploadEntity {
  const [type = '', id = '', ...more] = header.split('/').map(decodePart);
  const problem = more.length > 0 ? 'has more than two parts' : (entityPartProblem(type) ?? entityPartProblem(id));
  if (problem === undefined) return { type, id };
  throw new ImageCacheError('ENTITY_INVALID', `The header \`Image-Cache-Entity\` is no entity: a part ${problem}.`, {
    hint: 'Send `<type>/<id>`, each encoded with encodeURIComponent, of 1 to 200 characters.',
  });
}

/** Empty, and refused by that, where it is not percent-encoded UTF-8. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
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
