import { ImageCacheError } from '../../errors.ts';

/** Half of what sharp allows: 134 million pixels need 400 MB of memory, and no phone takes larger photographs. */
export const MAX_PIXELS = 2 ** 27;

interface Size {
  width?: number;
  height?: number;
}

export function isDecodable({ width = 0, height = 0 }: Size): boolean {
  return width * height <= MAX_PIXELS;
}

/**
 * Refuses a decompression bomb by its header, before any of it is decoded.
 * @throws ImageCacheError TOO_MANY_PIXELS
 */
export function ensureDecodable(image: Size): void {
  if (isDecodable(image)) return;
  throw tooManyPixels(`The image has ${image.width} × ${image.height} pixels.`);
}

export function tooManyPixels(detail: string): ImageCacheError {
  return new ImageCacheError('TOO_MANY_PIXELS', detail, {
    hint: `No variants are made of images with more than ${MAX_PIXELS} pixels in all; request the original, without w, h, fit, format and q.`,
  });
}
