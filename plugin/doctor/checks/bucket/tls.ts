import { type Check, fail, ok } from '../../check.ts';
import type { BucketFacts } from './facts.ts';

/** Only for https. */
export function tlsCheck({ about, head, inquiry }: BucketFacts): Check {
  const { host } = new URL(inquiry.address);
  return {
    id: 'bucket.tls',
    group: 'bucket',
    about,
    title: 'Its certificate is trusted',
    after: ['bucket.connection'],
    async run() {
      await head().reached('tls');
      return ok('The connection is encrypted, and the certificate is valid.');
    },
    late: () =>
      fail(
        `${host} accepts connections, and did not answer in TLS within 3 seconds.`,
        'Check the port, and whether a server of https listens there.',
      ),
  };
}
