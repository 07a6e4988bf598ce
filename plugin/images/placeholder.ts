import { rgbaToThumbHash } from 'thumbhash';
import type { ImageInfo } from './imageInfo.ts';
import { DECODE, upright } from './variants/makeVariant.ts';
import type { Sharp } from './variants/sharpLibrary.ts';

/** The largest picture that thumbhash accepts, in pixels each way. */
const MAX_EXTENT = 100;

/** Makes the thumbhash of a picture, base64: a very blurred version of it, in some 25 bytes. */
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
