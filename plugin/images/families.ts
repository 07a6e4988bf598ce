import type { Family } from '../formats.ts';
import { isDibHeader, walkBmp } from './bmp.ts';
import type { Walk } from './facts.ts';
import { walkGif } from './gif.ts';
import { heifType, walkHeif } from './heif.ts';
import { walkIco } from './ico.ts';
import { readBrands } from './isobmff.ts';
import { walkJpeg } from './jpeg.ts';
import { walkJxl } from './jxl.ts';
import { hasMagic } from './hasMagic.ts';
import { PNG_SIGNATURE, walkPng } from './png.ts';
import { walkWebp } from './webp.ts';
import { isSvg, walkSvg } from './svg.ts';
import { walkTiff } from './tiff.ts';

interface Inspector {
  /** Whether the first bytes look like one of the family. `walk` finds out whether they are. */
  matches(bytes: Uint8Array): boolean;
  walk: Walk;
}

/** How each family is recognised and read. The order matters only for the last one, which is text. */
export const FAMILIES: Record<Family, Inspector> = {
  jpeg: { matches: (bytes) => hasMagic(bytes, '\xff\xd8\xff'), walk: walkJpeg },
  png: { matches: (bytes) => hasMagic(bytes, PNG_SIGNATURE), walk: walkPng },
  gif: { matches: (bytes) => hasMagic(bytes, 'GIF87a') || hasMagic(bytes, 'GIF89a'), walk: walkGif },
  webp: { matches: (bytes) => hasMagic(bytes, 'RIFF') && hasMagic(bytes, 'WEBP', 8), walk: walkWebp },
  heif: { matches: (bytes) => heifType(readBrands(bytes)) !== undefined, walk: walkHeif },
  jxl: {
    matches: (bytes) => hasMagic(bytes, '\xff\x0a') || hasMagic(bytes, '\0\0\0\x0cJXL \r\n\x87\n'),
    walk: walkJxl,
  },
  // TIFF and BigTIFF, each little-endian and big-endian.
  tiff: {
    matches: (bytes) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => hasMagic(bytes, magic)),
    walk: walkTiff,
  },
  bmp: { matches: (bytes) => hasMagic(bytes, 'BM') && isDibHeader(bytes, 14), walk: walkBmp },
  // ICO and CUR.
  ico: { matches: (bytes) => hasMagic(bytes, '\0\0\x01\0') || hasMagic(bytes, '\0\0\x02\0'), walk: walkIco },
  svg: { matches: isSvg, walk: walkSvg },
};

/** The family that the bytes look like, whatever their name or a header says; `undefined` if they are not an image. */
export function sniff(bytes: Uint8Array): Family | undefined {
  return (Object.keys(FAMILIES) as Family[]).find((family) => FAMILIES[family].matches(bytes)); // its own keys, in order
}
