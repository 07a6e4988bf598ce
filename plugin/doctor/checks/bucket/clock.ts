import { type Check, ok, skip, warn } from '../../check.ts';
import { durationText } from '../../texts.ts';
import type { BucketFacts } from './facts.ts';

const NOTABLE_MS = 60_000;
/** S3 refuses what was signed so long before or after its own time. */
const REFUSED_MS = 15 * 60_000;

/** Downloads with your credentials correct a wrong clock by themselves; URLs that are signed on this machine have its time in them. */
export function clockCheck({ about, headAnswer }: BucketFacts): Check {
  return {
    id: 'bucket.clock',
    group: 'bucket',
    about,
    title: 'The clock is right',
    after: ['bucket.server'],
    async run() {
      const { clockAhead } = await headAnswer();
      if (Number.isNaN(clockAhead)) return skip('the server does not tell its time');
      if (Math.abs(clockAhead) <= NOTABLE_MS) return ok('This machine and the server agree on the time.');
      const difference = `The clock of this machine is ${durationText(clockAhead)} ${clockAhead > 0 ? 'ahead of' : 'behind'} the server's.`;
      return warn(
        Math.abs(clockAhead) < REFUSED_MS
          ? difference
          : `${difference} S3 refuses URLs that are signed on this machine; the cache corrects the time of its own requests.`,
        'Let the system set its clock by the network.',
      );
    },
  };
}
