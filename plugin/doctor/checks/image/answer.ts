import { type Check, fail, ok } from '../../check.ts';
import type { ImageFacts } from './facts.ts';

/** Until the first byte, or a refusal, whose reason and remedy are those that a page is told. */
export function answerCheck({ object, download }: ImageFacts): Check {
  const isPlain = object.origin?.startsWith('http:') === true;
  return {
    id: 'image.answer',
    group: 'image',
    title: 'Its server sends it',
    after: [isPlain ? 'image.connection' : 'image.tls'],
    async run() {
      await download().begun;
      return ok('The first byte has arrived.');
    },
    late: () =>
      fail(
        'The server accepts the connection, and did not answer within 3 seconds.',
        'Look at whether the server hangs, and at proxies in front of it.',
      ),
  };
}
