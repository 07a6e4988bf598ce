import type { Check } from '../../check.ts';
import { accessCheck } from './access.ts';
import { clockCheck } from './clock.ts';
import { connectionCheck } from './connection.ts';
import { credentialsCheck } from './credentials.ts';
import { existsCheck } from './exists.ts';
import type { BucketFacts } from './facts.ts';
import { nameCheck } from './name.ts';
import { readCheck } from './read.ts';
import { regionCheck } from './region.ts';
import { serverCheck } from './server.ts';
import { tlsCheck } from './tls.ts';

/** All that is asked about one bucket, on the way that a request takes. */
export function bucketChecks(facts: BucketFacts): Check[] {
  // Azure has buckets of another protocol, whose signed URLs are read like those of S3.
  const isS3 = !new URL(facts.inquiry.address).hostname.endsWith('.blob.core.windows.net');
  const isSecure = facts.inquiry.address.startsWith('https:');
  return [
    nameCheck(facts),
    connectionCheck(facts),
    ...(isSecure ? [tlsCheck(facts)] : []),
    serverCheck(facts),
    clockCheck(facts),
    ...(isS3
      ? [credentialsCheck(facts), existsCheck(facts), regionCheck(facts), accessCheck(facts), readCheck(facts)]
      : []),
  ];
}
