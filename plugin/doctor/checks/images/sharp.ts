import { type Check, ok, warn } from '../../check.ts';
import type { Installation } from '../../installation.ts';

/** Without sharp, images are served in their original size and format. */
export function sharpCheck({ probes, options: { images } }: Installation): Check {
  return {
    id: 'images.sharp',
    group: 'images',
    title: 'Images of other sizes can be made',
    async run() {
      const sharp = await probes.findSharp();
      if (sharp === undefined) {
        return warn(
          'sharp is not installed, or does not run here: images come in their original size and format.',
          'Install it, and start the server again.',
          'npm install sharp',
        );
      }
      const { version, formats } = sharp;
      if (!/^0\.3[45]\./.test(version)) {
        return warn(
          `sharp ${version} was not tested with this version of the cache.`,
          'Use sharp 0.34 or 0.35.',
          'npm install sharp@0.35',
        );
      }
      // sharp calls AVIF by the name of its container.
      const missing = images.formats.filter(
        (format) => !formats.includes(format) && !(format === 'avif' && formats.includes('heif')),
      );
      if (missing.length > 0) {
        return warn(
          `sharp ${version} cannot write ${missing.join(' and ')} here.`,
          'Its build for this system lacks them. Remove them from `images.formats`, or install the usual build.',
        );
      }
      return ok(`sharp ${version} makes ${images.formats.join(' and ')}.`);
    },
    late: () => warn('sharp could not be imported within 3 seconds.', 'Try again when the machine is less busy.'),
  };
}
