/**
 * The id of the object behind a canonical URL: the same digest that our server puts into the name of the file, so that a picture which
 * was shown by `?path=` is found by its URL, too.
 */
export async function pictureId(canonicalUrl: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalUrl));
  return toHex(new Uint8Array(digest, 0, 8));
}

/** What the path of an image of our server says: the id of its object, and the first half of the SHA-256 of its bytes. */
export function parsePath(path: string): { picture: string; digest: string } | undefined {
  const [, picture, digest] = /_([0-9a-f]{16})_([0-9a-f]{32})\.[a-z0-9]{2,5}$/.exec(path) ?? [];
  return picture !== undefined && digest !== undefined ? { picture, digest } : undefined;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
