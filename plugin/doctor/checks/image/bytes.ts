import { type Check, fail, ok, warn } from '../../check.ts';
import { bytesText } from '../../texts.ts';
import type { ImageFacts } from './facts.ts';

export function bytesCheck({ download }: ImageFacts): Check {
  return {
    id: 'image.bytes',
    group: 'image',
    title: 'All of it arrives',
    after: ['image.answer'],
    async run() {
      const { bytes } = await download().arrived;
      return ok(`${bytesText(bytes.length)}.`);
    },
    late() {
      const { received } = download();
      return received === 0
        ? fail(
            'The answer has begun, and not a byte of the image came within 3 seconds.',
            'Look at proxies in front of the server.',
          )
        : warn(
            `${bytesText(received)} arrived within 3 seconds, and that is not all.`,
            'The connection is slow, or the image is large. A real download goes on.',
          );
    },
  };
}
