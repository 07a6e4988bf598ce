import { type Bytes, bytesOf, hasText, join } from './bytes.ts';
import { rebuildExif, type Strip } from './rebuildExif.ts';
import { jpegSegments, type Segment } from './jpegSegments.ts';
import { rewrite } from './rewrite.ts';

const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const EXIF = 'Exif\0\0';
/** The length of a segment has 16 bits, and counts itself. */
const MAX_CONTENT = 65_533;

/** Segments for applications that say how the pixels are to be understood, by their marker and how they begin. */
const SHOWN: Readonly<Record<number, string>> = { [APP0]: 'JFIF\0', 0xe2: 'ICC_PROFILE\0', [APP14]: 'Adobe' };
/** How long their content is without a thumbnail (JFIF 1.02), and without what nobody reads. */
const LENGTHS: Readonly<Record<number, number>> = { [APP0]: 14, [APP14]: 12 };

/**
 * Keeps the first picture as it is coded, its colour profile, and of its EXIF data what `strip` leaves. Not kept:
 * - XMP, IPTC, comments, vendors' segments: places have a dozen names in them, may be split (extended XMP) or signed (C2PA).
 * - All that follows the EOI: trailers and the video of a motion photo, and further pictures (MPF), each of which has EXIF data
 *   of its own. The index of MPF goes with them, and so does a gain map (Ultra HDR, ISO 21496-1): the picture is then shown
 *   in standard range, which is how it looks on most screens; its own pixels are the same.
 *
 * A second EXIF segment is treated as the first one is, since readers differ in which of them they believe.
 */
export function stripJpeg(bytes: Bytes, strip: Strip): Bytes {
  const file = rewrite(bytes);
  file.keep(0, 2);
  for (const segment of jpegSegments(bytes)) {
    const { marker, start, end } = segment;
    const content = start + 4;
    if (marker === APP1 && hasText(bytes, EXIF, content)) {
      const tiff = bytes.subarray(content + EXIF.length, end);
      const exif = rebuildExif(tiff, strip, Math.min(tiff.length + 12, MAX_CONTENT - EXIF.length));
      if (exif !== undefined) file.replace(start, end, segmentOf(APP1, join([bytesOf(EXIF), exif])));
    } else if (isShown(bytes, segment)) {
      const length = LENGTHS[marker] ?? Infinity;
      if (end - content <= length) file.keep(start, end);
      else file.replace(start, end, segmentOf(marker, essence(marker, bytes.slice(content, content + length))));
    }
  }
  return file.finish();
}

function isShown(bytes: Uint8Array, { marker, start }: Segment): boolean {
  const name = SHOWN[marker];
  // Frames, tables, scans, and the EOI.
  return name === undefined ? marker >= 0xc0 && marker <= 0xdf : hasText(bytes, name, start + 4);
}

/** The last two bytes of JFIF say how large the thumbnail is that follows. */
function essence(marker: number, content: Bytes): Bytes {
  if (marker === APP0) content.fill(0, -2);
  return content;
}

function segmentOf(marker: number, content: Uint8Array): Bytes {
  const length = content.length + 2;
  return join([Uint8Array.of(0xff, marker, length >> 8, length), content]);
}
