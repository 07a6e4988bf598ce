import { ImageCacheError } from '../errors.ts';

/** Percent-encodes every byte that RFC 3986 §2.3 does not call unreserved, in the one way S3 signs it: `%2B`, never `%2b` or `+`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Undoes percent-encoding. A `%` that begins no escape is a `%`, as in every browser; `+` is a plus.
 * @throws ImageCacheError INVALID_URL when the bytes are no UTF-8: S3 has no such keys
 */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw new ImageCacheError('INVALID_URL', 'The URL holds percent-encoded bytes that are not UTF-8.');
  }
}
