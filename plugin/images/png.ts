import { ByteReader } from './byteReader.ts';
import { readOrientation } from './exif.ts';
import { orientedSize, type ImageInfo } from './imageInfo.ts';

export const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Length, type and CRC. */
const CHUNK_OVERHEAD = 12;

/**
 * Walks the chunks from IHDR to IEND (PNG, third edition, section 5), APNG included: its frames lie before IEND too.
 * Bytes after IEND are accepted, because every decoder ignores them: such a file is served as `image/png` whatever
 * its tail pretends to be. CRCs are not computed: a bit flip is not a cut, and the cache has a digest for it.
 */
export function inspectPng(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'PNG');
  if (reader.text(PNG_SIGNATURE.length + 4, 4) !== 'IHDR') throw reader.damaged('its first chunk is not IHDR');
  const header = reader.part(PNG_SIGNATURE.length + 8, 13);

  let orientation = 1;
  let frames = 1;
  let hasPixels = false;
  for (let at = PNG_SIGNATURE.length; ;) {
    const length = reader.u32(at);
    const type = reader.text(at + 4, 4);
    if (!/^[A-Za-z]{4}$/.test(type)) throw reader.damaged('a chunk has no name');
    reader.need(at, length + CHUNK_OVERHEAD);
    if (type === 'IEND') break;
    if (type === 'IDAT') hasPixels = true;
    if (type === 'acTL') frames = reader.part(at + 8, length).u32(0);
    if (type === 'eXIf') orientation = readOrientation(reader.slice(at + 8, length));
    at += length + CHUNK_OVERHEAD;
  }
  if (!hasPixels) throw reader.damaged('it has no pixels');
  return {
    contentType: 'image/png',
    extension: 'png',
    ...orientedSize(header.u32(0), header.u32(4), orientation),
    ...(frames > 1 && { animated: true }),
  };
}
