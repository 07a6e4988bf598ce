import { ImageCacheError } from '../../../errors.ts';
import { type Check, fail, ok } from '../../check.ts';
import { findingOf } from '../../runChecks.ts';
import type { ImageFacts } from './facts.ts';

/** Which object it is. A bucket that is not listed is one line away. */
export function identityCheck(facts: ImageFacts | ImageCacheError): Check {
  return {
    id: 'image.identity',
    group: 'image',
    title: 'The URL is of a listed bucket',
    run() {
      if (facts instanceof ImageCacheError) return findingOf(facts);
      const { bucket, key, isNameOnly } = facts.object;
      if (isNameOnly) {
        return fail(
          'The URL is only the name of a cached image: it has a digest in place of a value.',
          'Ask by the URL that the app has.',
        );
      }
      return ok(`It is ${key} in the bucket ${bucket.name}.`);
    },
  };
}
