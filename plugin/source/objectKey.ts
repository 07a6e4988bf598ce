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
 * Each segment is decoded and encoded again in one way, so `ä` is `%C3%A4` and `%7E` is `~`; nothing else changes,
 * because keys are not paths: `//a`, `a/../b`, `a/./b` and letter case all stay what they are (T24). A `%2F` stays
 * `%2F`: S3 reads it as `/`, but proxies and CDNs in front of a bucket need not, and holding one object twice is
 * harmless where holding two objects as one is not.
 */
export function parseObjectKey(rawKey: string): ObjectKey {
  const segments = rawKey.split('/').map(percentDecode);
  const key = segments.join('/');
  if (key === '') {
    throw new ImageCacheError('INVALID_URL', 'The URL names no object.', {
      hint: 'Add the key of an object to the URL.',
    });
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new ImageCacheError('INVALID_URL', `The key of the object is longer than ${MAX_KEY_BYTES} bytes.`);
  }
  return { key, encoded: segments.map(percentEncode).join('/') };
}

/**
 * Whether a key is under the prefix, both as S3 reads it and as a proxy that resolves dot segments would: behind
 * such a proxy `actors/../private/x`, or `bucket/../other-bucket/x`, is somewhere else entirely.
 * Limit: a proxy that decodes twice (`%252e`) is not defended against.
 */
export function isInside(key: string, prefix: string): boolean {
  if (!key.startsWith(prefix)) return false;
  const segments = key.split(/[/\\]/);
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === '.') continue;
    if (segment !== '..') resolved.push(segment);
    else if (resolved.pop() === undefined) return false;
  }
  return resolved.length === segments.length || resolved.join('/').startsWith(prefix);
}

/** The last part of a key, as a name for people: without control characters, so that a log line stays one line. */
export function filenameOf(key: string): string {
  const last = key.split('/').findLast((part) => part !== '') ?? 'image';
  return last.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
