import { type Check, ok, warn } from '../../check.ts';
import type { Installation } from '../../installation.ts';
import { bytesText } from '../../texts.ts';

const NEARLY = 0.95;

/** A cache that is full evicts an image for each new one. */
export function limitsCheck({ cache, options: { maxSize, maxEntries } }: Installation): Check {
  return {
    id: 'disk.limits',
    group: 'disk',
    title: 'The cache has room',
    after: ['disk.directory'],
    async run() {
      const { images, bytes } = await cache.totals();
      const seen = `${images.toLocaleString('en')} images, ${bytesText(bytes)} of ${bytesText(maxSize)}.`;
      if (bytes >= maxSize * NEARLY) {
        return warn(
          `The cache is full: ${seen} The image that was not used for longest goes for each new one.`,
          'If images are downloaded again and again, raise `maxSize`.',
          `maxSize: '${bytesText(2 * maxSize).replace(' ', '')}'`,
        );
      }
      if (images >= maxEntries * NEARLY) {
        return warn(
          `The cache is full: ${images.toLocaleString('en')} of ${maxEntries.toLocaleString('en')} images.`,
          'If images are downloaded again and again, raise `maxEntries`.',
          `maxEntries: ${2 * maxEntries}`,
        );
      }
      return ok(seen);
    },
  };
}
