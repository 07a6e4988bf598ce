import type { Bytes } from './bytes.ts';
import { gifBlocks, IMAGE } from './gifBlocks.ts';
import { jpegSegments, SOS } from './jpegSegments.ts';
import { pngChunks } from './pngChunks.ts';
import type { Family } from './sniff.ts';
import { webpChunks } from './webpChunks.ts';

const WEBP_PIXELS = new Set(['VP8 ', 'VP8L', 'ANMF']);

/** Whether the structure of a file leads to pixels, in those formats that are written anew. */
export function hasPicture(bytes: Bytes, family: Family): boolean {
  return PIXELS[family]?.(bytes) ?? true;
}

const PIXELS: Partial<Record<Family, (bytes: Bytes) => boolean>> = {
  jpeg(bytes) {
    for (const { marker } of jpegSegments(bytes)) if (marker === SOS) return true;
    return false;
  },
  png(bytes) {
    for (const { type } of pngChunks(bytes)) if (type === 'IDAT') return true;
    return false;
  },
  gif(bytes) {
    for (const { kind } of gifBlocks(bytes)) if (kind === IMAGE) return true;
    return false;
  },
  webp(bytes) {
    for (const { type } of webpChunks(bytes)) if (WEBP_PIXELS.has(type)) return true;
    return false;
  },
};
