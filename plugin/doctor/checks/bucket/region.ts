import { type Check, fail, ok, skip } from '../../check.ts';
import { findingOf } from '../../runChecks.ts';
import type { BucketFacts } from './facts.ts';

const OF_REGION = new Set([
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'TemporaryRedirect',
  'IllegalLocationConstraintException',
]);

/** A request must be signed for the region of the bucket. AWS says which one it is to everybody. */
export function regionCheck({ about, bucket, listing, headAnswer }: BucketFacts): Check {
  return {
    id: 'bucket.region',
    group: 'bucket',
    about,
    title: 'The region is right',
    after: ['bucket.exists'],
    async run() {
      const [listed, { region: actual }] = await Promise.all([listing(), headAnswer()]);
      if (listed.how === 'unsignable') {
        return listed.error.hint?.includes('`region`') === true
          ? findingOf(listed.error)
          : skip('nothing could be signed');
      }
      const { status, s3Code = '' } = listed.answer;
      const isRefused = OF_REGION.has(s3Code) || (status >= 300 && status < 400);
      if (!isRefused) return ok(bucket.region === undefined ? 'No other region is asked for.' : `${bucket.region}.`);
      if (listed.how === 'unsigned' && bucket.region === undefined) {
        return skip('none is set, and signed URLs have their own');
      }
      const said = actual ?? /is in ([a-z0-9-]+)/.exec(listed.answer.refusal?.hint ?? '')?.[1];
      if (said === undefined) return findingOf(listed.answer.refusal);
      return fail(
        `The bucket is in ${said}${bucket.region === undefined ? '' : `, and not in ${bucket.region}`}.`,
        'Set the `region` of the bucket.',
        `region: '${said}'`,
      );
    },
  };
}
