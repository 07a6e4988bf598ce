import { type Check, fail, ok } from '../../check.ts';
import { findingOf } from '../../runChecks.ts';
import type { BucketFacts } from './facts.ts';
import { wrongStyle } from './name.ts';

export function existsCheck(facts: BucketFacts): Check {
  const { about, bucket, inquiry, listing, headAnswer, signal } = facts;
  const { host } = new URL(inquiry.address);
  return {
    id: 'bucket.exists',
    group: 'bucket',
    about,
    title: 'The bucket exists',
    after: ['bucket.server'],
    waitsFor: ['bucket.credentials'],
    async run() {
      const listed = await listing();
      if (listed.how === 'unsignable') {
        return (await headAnswer()).status === 404
          ? notThere()
          : ok('It answers, as far as can be seen without credentials.');
      }
      const { status, s3Code, isListing, refusal } = listed.answer;
      // Without a signature, some stores say 404 of whatever they hide.
      const isGone = status === 404 && (listed.how === 'signed' || s3Code === 'NoSuchBucket');
      const isRefused = isGone || status === 405 || status === 501 || s3Code === 'InvalidBucketName';
      const isOther = status < 300 ? !isListing : isRefused;
      if (isOther) {
        const other = await inquiry.list('other style', signal).catch(() => undefined);
        const isThere = other !== undefined && (other.isListing || other.s3Code === 'AccessDenied');
        if (isThere) return wrongStyle(host, !bucket.forcePathStyle);
        return refusal === undefined
          ? fail(`${host} answered something other than a listing.`, 'Check that the endpoint is an S3 server.')
          : notThere(refusal);
      }
      return ok(listed.how === 'signed' ? 'It answers.' : 'It answers, as far as can be seen without credentials.');
    },
  };

  function notThere(refusal?: Error) {
    const hint = 'Check its name, and the account that it is in.';
    return refusal === undefined ? fail('There is no such bucket.', hint) : findingOf(refusal);
  }
}
