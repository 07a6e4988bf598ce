import { ImageCacheError } from '../errors.ts';
import { percentDecode, percentEncode } from './rfc3986.ts';

export interface ObjectKey {
  /** The key as S3 knows it. */
  readonly key: string;
  /** The key as it stands in a canonical URL. */
  readonly encoded: string;
}

/** S3's own limit. */
const MAX_KEY_BYTES = 1024;

/**
 * Reads the part of a path that names an object.
 *
 * It is decoded and encoded again in one way, so `ä` is `%C3%A4`, `%7E` is `~` and `%2F` is `/`, as S3 reads them: one object
 * has one name. Nothing else changes, because keys are not paths: `//a`, `a/../b`, `a/./b` and letter case all stay what
 * they are (T24).
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

/** A key as it stands in a canonical URL. */
export function encodeKey(key: string): string {
  return key.split('/').map(percentEncode).join('/');
}

/** The last part of a key, as a name for people: without control characters, so that a log line stays one line. */
export function filenameOf(key: string): string {
  const last = key.split('/').findLast((part) => part !== '') ?? 'image';
  return last.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
