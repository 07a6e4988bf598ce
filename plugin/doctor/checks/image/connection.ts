import { type Check, fail, ok } from '../../check.ts';
import type { ConnectionStep } from '../../../source/index.ts';
import type { ImageFacts } from './facts.ts';

/** The request for a bare URL is signed first. */
export function credentialsCheck({ download }: ImageFacts): Check {
  return {
    id: 'image.credentials',
    group: 'image',
    title: 'The request is signed',
    after: ['image.identity'],
    async run() {
      await download().signed;
      return ok('With the credentials of the bucket.');
    },
    late: () =>
      fail(
        'No credentials were found within 3 seconds.',
        'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `credentials` of the bucket; or use signed URLs.',
      ),
  };
}

const STEPS: readonly { step: ConnectionStep; title: string; after: readonly string[]; done: string; late: string }[] =
  [
    {
      step: 'name',
      title: 'The name of its server is found',
      after: ['image.signature', 'image.credentials'],
      done: 'resolves',
      late: 'was not resolved within 3 seconds. The name server does not answer.',
    },
    {
      step: 'connection',
      title: 'Its server accepts the connection',
      after: ['image.name'],
      done: 'accepts the connection',
      late: 'did not accept a connection within 3 seconds.',
    },
    {
      step: 'tls',
      title: 'Its certificate is trusted',
      after: ['image.connection'],
      done: 'has a valid certificate',
      late: 'did not answer in TLS within 3 seconds.',
    },
  ];

/** A check for each step until the connection stands. */
export function connectionChecks({ object, download }: ImageFacts): Check[] {
  const isPlain = object.origin?.startsWith('http:') === true;
  return STEPS.filter(({ step }) => !(isPlain && step === 'tls')).map(({ step, title, after, done, late }) => ({
    id: `image.${step}`,
    group: 'image',
    title,
    after,
    async run() {
      const sent = await download().sent;
      await sent.reached(step);
      return ok(sent.viaProxy ? 'The proxy does this.' : `${sent.hostname} ${done}.`);
    },
    late: () =>
      fail(
        `${new URL(object.origin ?? 'https://s3').hostname} ${late}`,
        'Check the network, the firewall, the VPN, and the endpoint of the bucket.',
      ),
  }));
}
