import { type Bytes, bytesOf, join, viewOf } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { pngChunks } from './pngChunks.ts';
import { rebuildExif, type Strip } from './rebuildExif.ts';
import { rewrite } from './rewrite.ts';

/** What a reader must know. The last one is Apple's. */
const NEEDED = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND', 'CgBI']);
/** What a reader may do without by the letter of the standard, and shows the picture by: colours, transparency, size, frames. */
const SHOWN = new Set(
  'tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI mDCv cLLi sBIT bKGD pHYs hIST sPLT acTL fcTL fdAT'.split(' '),
);

/**
 * Keeps what a reader must know or shows the picture by, and of its EXIF data what `strip` leaves. Not
 * kept: text, which holds XMP, EXIF data in disguise (`Raw profile type exif`) and anything else, compressed at that; times;
 * chunks of vendors; and all that follows IEND.
 */
export function stripPng(bytes: Bytes, strip: Strip): Bytes {
  const file = rewrite(bytes);
  file.keep(0, 8);
  for (const { type, start, content, length, end } of pngChunks(bytes)) {
    if (type === 'eXIf' && end <= bytes.length) {
      const exif = rebuildExif(bytes.subarray(content, content + length), strip);
      if (exif !== undefined) file.replace(start, end, pngChunk(type, exif));
    } else if (SHOWN.has(type) || NEEDED.has(type)) {
      file.keep(start, end);
    }
  }
  return file.finish();
}

function pngChunk(type: string, content: Uint8Array): Bytes {
  const chunk = join([new Uint8Array(4), bytesOf(type), content, new Uint8Array(4)]);
  const view = viewOf(chunk);
  view.setUint32(0, content.length);
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, -4)));
  return chunk;
}
