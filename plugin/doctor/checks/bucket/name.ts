import { lookup } from 'node:dns';
import { type Check, fail, type Finding, ok } from '../../check.ts';
import { findingOf } from '../../runChecks.ts';
import type { BucketFacts } from './facts.ts';

export function nameCheck({ about, bucket, head, inquiry, installation: { probes } }: BucketFacts): Check {
  const host = new URL(inquiry.address).hostname;
  const resolves = (name: string) =>
    new Promise<boolean>((done) => {
      (probes.resolve ?? lookup)(name, { all: true, family: 0 }, (error, found) =>
        done(error === null && found.length > 0),
      );
    });
  return {
    id: 'bucket.name',
    group: 'bucket',
    about,
    title: 'The name of its server is found',
    async run(): Promise<Finding> {
      try {
        await head().reached('name');
      } catch (error) {
        const server = bucket.endpoint?.hostname ?? host;
        if (server !== host && (await resolves(server))) return wrongStyle(host, true);
        return findingOf(error);
      }
      return ok(head().viaProxy ? 'The proxy resolves names.' : `${host} resolves.`);
    },
    late: () =>
      fail(
        `${host} was not resolved within 3 seconds.`,
        'The name server of this machine does not answer: check the network, and the VPN if there is one.',
      ),
  };
}

/** The finding for a server that has the bucket in the other style. */
export function wrongStyle(host: string, forcePathStyle: boolean): Finding {
  const style = forcePathStyle ? 'in the path' : 'before the host';
  return fail(
    `The bucket is not at ${host}: its server expects the name of the bucket ${style}.`,
    'Set `forcePathStyle` of the bucket.',
    `forcePathStyle: ${forcePathStyle}`,
  );
}
