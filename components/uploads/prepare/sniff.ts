import { brandsOf } from './boxes.ts';
import { hasText, viewOf } from './bytes.ts';

/** Formats that are built alike. */
export type Family = 'jpeg' | 'png' | 'gif' | 'webp' | 'heif' | 'jxl' | 'tiff' | 'bmp' | 'ico';

export interface Sniffed {
  /** The content type. */
  type: string;
  /** Without the dot. */
  ext: string;
  family: Family;
}

const MAGIC: readonly (readonly [magic: string, family: Family])[] = [
  ['\xff\xd8\xff', 'jpeg'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['GIF87a', 'gif'],
  ['GIF89a', 'gif'],
  ['\xff\x0a', 'jxl'],
  ['\0\0\0\x0cJXL \r\n\x87\n', 'jxl'],
  ['II*\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['II+\0', 'tiff'],
  ['MM\0+', 'tiff'],
  ['\0\0\x01\0', 'ico'],
  ['\0\0\x02\0', 'ico'],
];
/** Sizes of the header that follows that of the file in a BMP, one for each version. */
const DIB_HEADERS = new Set([12, 40, 52, 56, 64, 108, 124]);
/** AVIF 1.1, section 6; ISO/IEC 23008-12, annex B. The last two name no codec. */
const HEIF_BRANDS = new Set([
  'avif',
  'avis',
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'hevm',
  'hevs',
  'mif1',
  'msf1',
]);

/**
 * What bytes are by how they begin, whatever their name says; `undefined` for what is no image, and for SVG, which can
 * carry scripts. Whether it is a whole and sound one is for the server to find out.
 */
export function sniff(bytes: Uint8Array): Sniffed | undefined {
  const brands = brandsOf(bytes);
  const brand = brands.find(isCodec) ?? brands.find(isHeif);
  if (brand?.startsWith('avi')) return { type: 'image/avif', ext: 'avif', family: 'heif' };
  if (brand !== undefined) return { type: 'image/heic', ext: 'heic', family: 'heif' };
  const family = familyOf(bytes);
  if (family === undefined) return undefined;
  return {
    type: family === 'ico' ? 'image/x-icon' : `image/${family}`,
    ext: family === 'jpeg' ? 'jpg' : family,
    family,
  };
}

function familyOf(bytes: Uint8Array): Family | undefined {
  if (hasText(bytes, 'RIFF') && hasText(bytes, 'WEBP', 8)) return 'webp';
  if (hasText(bytes, 'BM') && bytes.length >= 18 && DIB_HEADERS.has(viewOf(bytes).getUint32(14, true))) return 'bmp';
  return MAGIC.find(([magic]) => hasText(bytes, magic))?.[1];
}

const isHeif = (brand: string): boolean => HEIF_BRANDS.has(brand);
const isCodec = (brand: string): boolean => isHeif(brand) && !brand.endsWith('f1');
