import { ImageCacheError } from '../../../errors.ts';
import type { Check } from '../../check.ts';
import { answerCheck } from './answer.ts';
import { bytesCheck } from './bytes.ts';
import { cachedCheck } from './cached.ts';
import { connectionChecks, credentialsCheck } from './connection.ts';
import type { ImageFacts } from './facts.ts';
import { identityCheck } from './identity.ts';
import { placeCheck } from './place.ts';
import { signatureCheck } from './signature.ts';
import { wholeCheck } from './whole.ts';

/** All that is asked about one image, on the way that its download takes. */
export function imageChecks(facts: ImageFacts | ImageCacheError): Check[] {
  if (facts instanceof ImageCacheError || facts.object.isNameOnly) return [identityCheck(facts)];
  return [
    identityCheck(facts),
    cachedCheck(facts),
    signatureCheck(facts),
    ...(facts.object.asAsked === undefined ? [credentialsCheck(facts)] : []),
    ...connectionChecks(facts),
    answerCheck(facts),
    bytesCheck(facts),
    wholeCheck(facts),
    placeCheck(facts),
  ];
}
