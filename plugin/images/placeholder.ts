import { rgbaToThumbHash } from 'thumbhash';
import type { ImageInfo } from './imageInfo.ts';
import { DECODE, upright } from './variants/makeVariant.ts';
import type { Sharp } from './variants/sharpLibrary.ts';

/** As large as thumbhash takes pictures. */
const MAX_EXTENT = 100;

/** A picture's thumbhash, base64: what it looks like from far away, in some 25 bytes. */
export async function makePlaceholder(sharp: Sharp, original: Uint8Array, image: ImageInfo): Promise<string> {
  const { data, info } = await upright(sharp(original, DECODE), image)
    .resize({ width: MAX_EXTENT, height: MAX_EXTENT, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .timeout({ seconds: 10 })
    .toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
}
