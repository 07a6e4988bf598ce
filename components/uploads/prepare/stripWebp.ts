import { type Bytes, bytesOf, hasText, join, viewOf } from './bytes.ts';
import { rebuildExif, type Strip } from './rebuildExif.ts';
import { rewrite } from './rewrite.ts';
import { FIRST_CHUNK, webpChunks, webpEnd } from './webpChunks.ts';

const SHOWN = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);
const PREFIX = 'Exif\0\0';
/** Flags of VP8X (RFC 9649, section 2.7). */
const HAS_EXIF = 0x08;
const HAS_XMP = 0x04;

/**
 * Keeps pixels, frames and colour profile, and of its EXIF data what `strip` leaves; the header and the flags say so. Not
 * kept: XMP, unknown chunks, and all behind the end that the header gives. Limit: unknown chunks within a frame stay.
 */
export function stripWebp(bytes: Bytes, strip: Strip): Bytes {
  const end = webpEnd(bytes);
  const file = rewrite(bytes);
  let hasExif = false;
  file.keep(0, FIRST_CHUNK);
  for (const chunk of webpChunks(bytes)) {
    const chunkEnd = Math.min(chunk.end, end);
    if (SHOWN.has(chunk.type)) file.keep(chunk.start, chunkEnd);
    if (chunk.type !== 'EXIF' || chunkEnd > bytes.length) continue;
    const exif = withoutPlace(bytes.subarray(chunk.content, chunk.content + chunk.length), strip);
    if (exif === undefined) continue;
    file.replace(chunk.start, chunkEnd, webpChunk('EXIF', exif));
    hasExif = true;
  }
  const result = file.finish();
  if (result === bytes) return bytes;
  const view = viewOf(result);
  view.setUint32(4, end - 8 - (Math.min(end, bytes.length) - result.length), true);
  if (hasText(result, 'VP8X', FIRST_CHUNK)) {
    const flags = FIRST_CHUNK + 8;
    view.setUint8(flags, (view.getUint8(flags) & ~(HAS_EXIF | HAS_XMP)) | (hasExif ? HAS_EXIF : 0));
  }
  return result;
}

/** Some writers put the prefix of JPEG before it. */
function withoutPlace(exif: Bytes, strip: Strip): Bytes | undefined {
  if (!hasText(exif, PREFIX)) return rebuildExif(exif, strip);
  const tiff = rebuildExif(exif.subarray(PREFIX.length), strip);
  return tiff && join([bytesOf(PREFIX), tiff]);
}

function webpChunk(type: string, content: Uint8Array): Bytes {
  const chunk = join([bytesOf(type), new Uint8Array(4), content, new Uint8Array(content.length % 2)]);
  viewOf(chunk).setUint32(4, content.length, true);
  return chunk;
}
