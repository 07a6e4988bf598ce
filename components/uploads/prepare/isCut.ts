import { type Box, boxesOf, findBox, FULL_BOX } from './boxes.ts';
import type { Bytes } from './bytes.ts';
import { gifBlocks, TRAILER } from './gifBlocks.ts';
import { EOI, jpegSegments } from './jpegSegments.ts';
import { pngChunks } from './pngChunks.ts';
import type { Family } from './sniff.ts';
import { webpEnd } from './webpChunks.ts';

/**
 * Whether the end of a picture is missing, of which browsers show the beginning all the same. Only as far as the structure
 * tells: TIFF, BMP and ICO are not looked at, nor is a JPEG XL without a container.
 */
export function isCut(bytes: Bytes, family: Family): boolean {
  try {
    return !ENDS[family](bytes);
  } catch {
    return false; // damaged, which is something else
  }
}

/** Whether the end is there. */
const ENDS: Readonly<Record<Family, (bytes: Bytes) => boolean>> = {
  jpeg: (bytes) => some(jpegSegments(bytes), ({ marker }) => marker === EOI),
  png: (bytes) => some(pngChunks(bytes), ({ type, end }) => type === 'IEND' && end <= bytes.length),
  gif: (bytes) => some(gifBlocks(bytes), ({ kind }) => kind === TRAILER),
  webp: (bytes) => webpEnd(bytes) <= bytes.length,
  // A cut between two boxes, too, leaves no pixels.
  heif: (bytes) => some(boxesOf(bytes, 0, bytes.length), (box) => hasPixels(bytes, box)) && areWhole(bytes),
  jxl: areWhole,
  tiff: () => true,
  bmp: () => true,
  ico: () => true,
};

function hasPixels(bytes: Bytes, { type, content, end }: Box): boolean {
  return type === 'mdat' || (type === 'meta' && findBox(bytes, 'idat', content + FULL_BOX, end) !== undefined);
}

function areWhole(bytes: Bytes): boolean {
  return !some(boxesOf(bytes, 0, bytes.length), ({ end }) => end > bytes.length);
}

function some<T>(parts: Iterable<T>, isIt: (part: T) => boolean): boolean {
  for (const part of parts) if (isIt(part)) return true;
  return false;
}
