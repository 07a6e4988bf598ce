import { type Check, ok, skip, warn } from '../../check.ts';
import { findingOf } from '../../runChecks.ts';
import type { BucketFacts } from './facts.ts';

/** Asks for the first byte of the first object. */
export function readCheck({ about, inquiry, listing, signal }: BucketFacts): Check {
  return {
    id: 'bucket.read',
    group: 'bucket',
    about,
    title: 'Objects can be read',
    after: ['bucket.access'],
    async run() {
      const listed = await listing();
      if (listed.how !== 'signed') return skip('there are no credentials');
      const key = listed.answer.firstKey;
      if (key === undefined) {
        return skip(
          listed.answer.refusal === undefined
            ? 'there is no object yet'
            : 'no object is known, since the bucket may not be listed',
        );
      }
      const { refusal, s3Code } = await inquiry.firstByte(key, signal);
      if (refusal === undefined) return ok('The first byte of an object was read.');
      if (s3Code === 'InvalidObjectState')
        return warn(
          'The first object is archived, so it cannot say whether others can be read.',
          'Ask about an image: `doctor <url>`.',
        );
      // An object of the name was removed since the listing.
      if (s3Code === 'NoSuchKey') return skip('the object was removed meanwhile');
      return findingOf(refusal);
    },
  };
}
