import type { Metadata, WebpOptions } from 'sharp';
import { formatOf } from '../../formats.ts';
import type { ImageInfo } from '../imageInfo.ts';
import { canHold } from './formatLimits.ts';
import { DECODE, TIMEOUT_S } from './makeVariant.ts';
import type { Sharp } from './sharpLibrary.ts';

/** A higher effort takes twice as long for two percent, and variants that a client waits for may have to wait, too. */
const EFFORT = 2;
/** Encoding without loss takes ten times as long: some seconds for this many pixels. */
const MAX_LOSSLESS_PIXELS = 2 ** 24;

/** How PNGs are encoded: `lossless` keeps every pixel; `lossy` is for photographs that were exported as PNG. */
export type PngCompression = 'lossless' | 'lossy';

const LOSSY: WebpOptions = { quality: 85, effort: EFFORT };
const LOSSLESS: WebpOptions = { lossless: true, effort: EFFORT };

export function canCompress(contentType: string): boolean {
  return formatOf(contentType)?.isCompressed === true;
}

/**
 * Converts the picture to WebP in its own size: upright, in its own colours, without metadata except the colour profile, and
 * animated if the original is. `undefined` if that would not be smaller, would take too long, or would lose something: the frames
 * of an animated PNG, a depth of more than 8 bits, colours that WebP cannot describe, or the end of a damaged picture.
 */
export async function compressImage(
  sharp: Sharp,
  original: Uint8Array,
  info: ImageInfo,
  png: PngCompression,
): Promise<Buffer | undefined> {
  const { contentType, animated = false, width = 0, height = 0, hasOwnColours = false } = info;
  if ((animated && contentType === 'image/png') || hasOwnColours || !canHold('webp', { width, height }))
    return undefined;
  const image = sharp(original, { ...DECODE, failOn: 'error', animated });
  const metadata = await image.metadata();
  const options = encodingOf(contentType, metadata, png);
  if (metadata.depth !== 'uchar' || !isRgb(metadata)) return undefined;
  const pixels = metadata.width * metadata.height; // of all frames together
  if (options.lossless === true && pixels > MAX_LOSSLESS_PIXELS) return undefined;
  // If the profile is kept, the pixels are not changed. Otherwise, sharp would convert them to sRGB, which has fewer colours.
  const bytes = await image.autoOrient().keepIccProfile().webp(options).timeout({ seconds: TIMEOUT_S }).toBuffer();
  return bytes.length < original.length ? bytes : undefined;
}

/** A PNG with a palette is usually a drawing, which is smaller and looks better without loss. */
function encodingOf(contentType: string, { isPalette }: Metadata, png: PngCompression): WebpOptions {
  if (contentType === 'image/jpeg') return LOSSY;
  return contentType === 'image/png' && png === 'lossy' && !isPalette ? LOSSY : LOSSLESS;
}

/** WebP can only contain RGB, and a profile for it (ICC.1, 7.2.6: the colour space is at byte 16). */
function isRgb({ space, icc }: Metadata): boolean {
  return space !== 'cmyk' && (icc === undefined || icc.toString('latin1', 16, 20) === 'RGB ');
}
