import { formatOf } from '../formats.ts';

/** What a picture is called: the first half of its SHA-256, and an extension that follows from its bytes. E.g. `9f3c….jpg`. */
const PICTURE = /^([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([a-z0-9]{2,5})$/;

/** Extensions that differ from those of the cache: the browser gives one to each family, before the server has seen the bytes. */
const OF_FAMILY: Record<string, string> = { heif: 'heic', tiff: 'tiff' };

/** The name of a picture with these bytes. */
export function pictureName(sha256: string, contentType: string): string {
  const format = formatOf(contentType);
  const ofFamily = contentType === 'image/avif' ? undefined : OF_FAMILY[format?.family ?? ''];
  return `${sha256.slice(0, 32)}.${ofFamily ?? format?.extensions[0] ?? 'bin'}`;
}

/** Whether a text can be the name of a picture: by its digest, or by a UUID, which earlier apps have given. */
export function isPictureName(text: string): boolean {
  return PICTURE.test(text);
}

/** Whether the name says what bytes the picture has. */
export function isDigestName(name: string): boolean {
  return /^[0-9a-f]{32}\./.test(name);
}

/** The first half of the digest that a name stands for. */
export function imageIdOf(name: string): string {
  return name.slice(0, 32);
}

/** Whether the name is that of bytes with this digest (hex). A UUID, which earlier apps have given, says nothing of the bytes. */
export function isNameOf(name: string, sha256: string): boolean {
  return isDigestName(name) && sha256.startsWith(imageIdOf(name));
}

/** The key of a picture in the bucket: `uploads/9f/9f3c….jpg`. @param prefix without slashes at its ends */
export function keyOf(prefix: string, name: string): string {
  const inside = `${name.slice(0, 2)}/${name}`;
  return prefix === '' ? inside : `${prefix}/${inside}`;
}
