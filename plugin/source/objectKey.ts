import { ImageCacheError } from '../errors.ts';
import { percentDecode, percentEncode } from './rfc3986.ts';

export interface ObjectKey {
  /** The key in S3. */
  readonly key: string;
  /** The key as it is written in a canonical URL. */
  readonly encoded: string;
}

/** The limit of S3. */
const MAX_KEY_BYTES = 1024;

/**
 * Parses the part of a path that names an object.
 *
 * The key is decoded and then encoded in one way, as S3 does, so that one object has one name: `ä` becomes `%C3%A4`, `%7E` becomes
 * `~` and `%2F` becomes `/`. Nothing else changes, because keys are not paths: `//a`, `a/../b`, `a/./b` and the case of letters are
 * kept (T24).
 */
export function parseObjectKey(rawKey: string): ObjectKey {
  const key = percentDecode(rawKey);
  if (key === '') {
    throw new ImageCacheError('INVALID_URL', 'The URL names no object.', {
      hint: 'Add the key of an object to the URL.',
    });
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new ImageCacheError('INVALID_URL', `The key of the object is longer than ${MAX_KEY_BYTES} bytes.`);
  }
  return { key, encoded: encodeKey(key) };
}

/** A key as it is written in a canonical URL. */
export function encodeKey(key: string): string {
  return key.split('/').map(percentEncode).join('/');
}

/** The last part of a key, as a name for people. It has no control characters, so that a log record stays on one line. */
export function filenameOf(key: string): string {
  const last = key.split('/').findLast((part) => part !== '') ?? 'image';
  return last.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
