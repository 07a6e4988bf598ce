import type { WebpOptions } from 'sharp';
import type { ImageInfo } from '../imageInfo.ts';
import { DECODE, TIMEOUT_S } from './makeVariant.ts';
import type { Sharp } from './sharpLibrary.ts';

/** More of it takes twice as long for two percent, and a variant that somebody waits for may have to wait behind it. */
const EFFORT = 2;
/** Without loss it takes ten times as long: some seconds for these. */
const MAX_LOSSLESS_PIXELS = 2 ** 24;

/**
 * By content type: who chose PNG or GIF wanted every pixel as it is. All others stay as they came: they are small already
 * (WebP, AVIF, HEIC, JPEG XL), or more than one picture (TIFF, ICO), or none of pixels (SVG).
 */
const ENCODERS = new Map<string, WebpOptions>([
  ['image/jpeg', { quality: 85, effort: EFFORT }],
  ['image/png', { lossless: true, effort: EFFORT }],
  ['image/gif', { lossless: true, effort: EFFORT }],
]);

export function canCompress(contentType: string): boolean {
  return ENCODERS.has(contentType);
}

/**
 * The picture as WebP in its own size: upright, in sRGB, without metadata, moving if it moves. `undefined` when that would
 * be no smaller, would take too long, or would lose something: the frames of an animated PNG, the depth of more than 8 bits.
 */
export async function compressImage(
  sharp: Sharp,
  original: Uint8Array,
  { contentType, animated = false }: ImageInfo,
): Promise<Buffer | undefined> {
  const options = ENCODERS.get(contentType);
  if (options === undefined || (animated && contentType === 'image/png')) return undefined;
  const image = sharp(original, { ...DECODE, animated });
  const { depth, width, height } = await image.metadata(); // of all frames together
  if (depth !== 'uchar' || (options.lossless === true && width * height > MAX_LOSSLESS_PIXELS)) return undefined;
  const bytes = await image.autoOrient().webp(options).timeout({ seconds: TIMEOUT_S }).toBuffer();
  return bytes.length < original.length ? bytes : undefined;
}
