import { ImageCacheError } from '../errors.ts';

/** Percent-encodes every byte that is not unreserved in RFC 3986 §2.3, in the way that S3 signs: `%2B`, never `%2b` or `+`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Decodes percent-encoding. A `%` without two hexadecimal digits stays a `%`, as in every browser; `+` stays a plus.
 * @throws ImageCacheError INVALID_URL when the bytes are not UTF-8, because S3 has no such keys
 */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw new ImageCacheError('INVALID_URL', 'The URL contains percent-encoded bytes that are not UTF-8.');
  }
}
