import { heifType } from './heif.ts';
import { readBrands } from './isobmff.ts';
import { sniff } from './sniff.ts';

/**
 * The content type of an image that browsers show while it arrives, by its first bytes. Not of an SVG, which may hold
 * scripts, nor of what only some browsers know: those are looked at as a whole first.
 */
export function recognizeImage(beginning: Uint8Array): string | undefined {
  const format = sniff(beginning);
  if (format === 'jpeg' || format === 'png' || format === 'gif' || format === 'webp') return `image/${format}`;
  const isAvif = format === 'heif' && heifType(readBrands(beginning))?.contentType === 'image/avif';
  return isAvif ? 'image/avif' : undefined;
}
