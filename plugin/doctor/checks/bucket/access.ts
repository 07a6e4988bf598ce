import { type Check, ok, skip } from '../../check.ts';
import { findingOf } from '../../runChecks.ts';
import type { BucketFacts } from './facts.ts';

export function accessCheck({ about, listing }: BucketFacts): Check {
  return {
    id: 'bucket.access',
    group: 'bucket',
    about,
    title: 'The server accepts the credentials',
    after: ['bucket.region', 'bucket.credentials'],
    async run() {
      const listed = await listing();
      if (listed.how === 'unsigned') return skip('there are none');
      if (listed.how === 'unsignable') return findingOf(listed.error);
      const { status, s3Code, refusal } = listed.answer;
      if (refusal === undefined) return ok('It does.');
      // Images can be read without the permission to list them.
      if (status === 403 && (s3Code === undefined || s3Code === 'AccessDenied'))
        return ok('It does. They may not list the bucket, which is not needed.');
      return findingOf(refusal);
    },
  };
}
