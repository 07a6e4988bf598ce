import { type Check, ok, skip } from '../../check.ts';
import type { ImageFacts } from './facts.ts';

export function wholeCheck({ inspected }: ImageFacts): Check {
  return {
    id: 'image.whole',
    group: 'image',
    title: 'It is a whole image',
    after: ['image.bytes'],
    async run() {
      const { contentType, width, height } = await inspected();
      return ok(width === undefined ? `${contentType}.` : `${contentType}, ${width} × ${height} pixels.`);
    },
    late: () => skip('it has not arrived in time'),
  };
}
