/** A digest as HTTP and S3 headers have it: hexadecimal digits become base64. */
export function toBase64(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return btoa(bytes.map((byte) => String.fromCharCode(Number.parseInt(byte, 16))).join(''));
}

/** RFC 9530. */
export function contentDigest(sha256: string): string {
  return `sha-256=:${toBase64(sha256)}:`;
}
