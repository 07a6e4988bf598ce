import type { Bytes } from './bytes.ts';
import { ownSha256 } from './ownSha256.ts';

/** The SHA-256 of bytes in lower-case hexadecimal, also where there is no `crypto.subtle`: on http, but for localhost. */
export async function sha256Hex(input: Bytes | ArrayBuffer): Promise<string> {
  const bytes = ArrayBuffer.isView(input) ? input : new Uint8Array(input);
  const digest = hasSubtle() ? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)) : await ownSha256(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The types of the DOM promise it everywhere. */
function hasSubtle(): boolean {
  return typeof crypto !== 'undefined' && Boolean(crypto.subtle);
}
