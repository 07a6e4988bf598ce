import { type Bytes, bytesOf, hasText, join } from './bytes.ts';
import { rebuildExif, type Strip } from './rebuildExif.ts';
import { jpegSegments, type Segment } from './jpegSegments.ts';
import { rewrite } from './rewrite.ts';

const APP1 = 0xe1;
const EXIF = 'Exif\0\0';
/** The length of a segment has 16 bits, and counts itself. */
const MAX_CONTENT = 65_533;

/** Segments for applications that say how the pixels are to be understood, by their marker and how they begin. */
const SHOWN: Readonly<Record<number, string>> = { 0xe0: 'JFIF\0', 0xe2: 'ICC_PROFILE\0', 0xee: 'Adobe' };

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
      if (exif !== undefined) file.replace(start, end, exifSegment(exif));
    } else if (isShown(bytes, segment)) {
      file.keep(start, end);
    }
  }
  return file.finish();
}

function isShown(bytes: Uint8Array, { marker, start }: Segment): boolean {
  const name = SHOWN[marker];
  // Frames, tables, scans, and the EOI.
  return name === undefined ? marker >= 0xc0 && marker <= 0xdf : hasText(bytes, name, start + 4);
}

function exifSegment(exif: Uint8Array): Bytes {
  const length = EXIF.length + exif.length + 2;
  return join([Uint8Array.of(0xff, APP1, length >> 8, length), bytesOf(EXIF), exif]);
}
