import { type Check, fail, ok } from '../../check.ts';
import type { BucketFacts } from './facts.ts';

export function connectionCheck({ about, head, inquiry }: BucketFacts): Check {
  const { host } = new URL(inquiry.address);
  return {
    id: 'bucket.connection',
    group: 'bucket',
    about,
    title: 'Its server accepts connections',
    after: ['bucket.name'],
    async run() {
      await head().reached('connection');
      return ok(head().viaProxy ? 'The proxy connects.' : `${host} accepts connections.`);
    },
    late: () =>
      fail(
        `${host} did not accept a connection within 3 seconds.`,
        'Something drops the packets: a firewall, a security group, or a VPN that is not connected. Check the host and the port as well.',
      ),
  };
}
