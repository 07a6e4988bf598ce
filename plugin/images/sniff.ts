import { isDibHeader } from './bmp.ts';
import { heifType } from './heif.ts';
import { readBrands } from './isobmff.ts';
import { hasMagic } from './magic.ts';
import { PNG_SIGNATURE } from './png.ts';
import { isSvg } from './svg.ts';

/** A family of formats that is read by one inspector. */
export type Format = 'jpeg' | 'png' | 'gif' | 'webp' | 'heif' | 'jxl' | 'tiff' | 'bmp' | 'ico' | 'svg';

type Signature = (bytes: Uint8Array) => boolean;

/**
 * What the first bytes of each format are. Order matters only for the last one, which is text. A signature says what
 * the bytes claim to be; whether they are is for the inspector to find out.
 */
const SIGNATURES: readonly (readonly [Format, Signature])[] = [
  ['jpeg', (bytes) => hasMagic(bytes, '\xff\xd8\xff')],
  ['png', (bytes) => hasMagic(bytes, PNG_SIGNATURE)],
  ['gif', (bytes) => hasMagic(bytes, 'GIF87a') || hasMagic(bytes, 'GIF89a')],
  ['webp', (bytes) => hasMagic(bytes, 'RIFF') && hasMagic(bytes, 'WEBP', 8)],
  ['heif', (bytes) => heifType(readBrands(bytes)) !== undefined],
  ['jxl', (bytes) => hasMagic(bytes, '\xff\x0a') || hasMagic(bytes, '\0\0\0\x0cJXL \r\n\x87\n')],
  // Little-endian and big-endian, TIFF and BigTIFF.
  ['tiff', (bytes) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => hasMagic(bytes, magic))],
  ['bmp', (bytes) => hasMagic(bytes, 'BM') && isDibHeader(bytes, 14)],
  // ICO and CUR.
  ['ico', (bytes) => hasMagic(bytes, '\0\0\x01\0') || hasMagic(bytes, '\0\0\x02\0')],
  ['svg', isSvg],
];

/** What the bytes look like, whatever their name or a header says; `undefined` for no image. */
export function sniff(bytes: Uint8Array): Format | undefined {
  return SIGNATURES.find(([, matches]) => matches(bytes))?.[0];
}
