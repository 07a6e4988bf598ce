import { ImageCacheError } from '../../../errors.ts';
import type { ResolvedBucket } from '../../../options.ts';
import {
  answeredAt,
  type BucketAnswer,
  type BucketInquiry,
  createBucketInquiry,
  type FoundCredentials,
  type TracedClient,
  type TracedRequest,
} from '../../../source/index.ts';
import type { Installation } from '../../installation.ts';
import { once } from '../../once.ts';

/** What one bucket has told. Each question is asked once, when the first check needs its answer. */
export interface BucketFacts {
  readonly installation: Installation;
  readonly bucket: ResolvedBucket;
  /** The name of the bucket, and if there are two of one name, where it is. */
  readonly about: string;
  readonly inquiry: BucketInquiry;
  readonly signal: AbortSignal;
  /** A request for the head of the bucket. */
  head(): TracedRequest;
  /** Its answer. @throws ImageCacheError */
  headAnswer(): Promise<HeadAnswer>;
  /** @throws the error of the SDK's provider chain */
  credentials(): Promise<FoundCredentials>;
  /** A listing of one object, with the credentials if there are some. @throws ImageCacheError if there is no answer */
  listing(): Promise<Listing>;
}

interface HeadAnswer {
  status: number;
  contentType: string;
  /** The region that AWS says the bucket is in. */
  region: string | undefined;
  /** How far the clock of this machine is ahead, in milliseconds; `NaN` if the answer does not tell. */
  clockAhead: number;
}

type Listing = { how: 'signed' | 'unsigned'; answer: BucketAnswer } | { how: 'unsignable'; error: ImageCacheError };

export function createBucketFacts(
  installation: Installation,
  bucket: ResolvedBucket,
  about: string,
  client: TracedClient,
  signal: AbortSignal,
): BucketFacts {
  const { probes } = installation;
  const inquiry = createBucketInquiry(bucket, client, probes);
  signal.addEventListener('abort', () => inquiry.close(), { once: true });
  const head = once(() => inquiry.head(signal));
  const credentials = once(() => inquiry.findCredentials());
  return {
    installation,
    bucket,
    about,
    inquiry,
    signal,
    head,
    credentials,
    headAnswer: once(async () => {
      const response = await head().response;
      const now = probes.now();
      response.destroy();
      const { statusCode: status = 0, headers } = response;
      const region = headers['x-amz-bucket-region'];
      return {
        status,
        contentType: headers['content-type'] ?? '',
        region: typeof region === 'string' && /^[a-z0-9-]{2,30}$/.test(region) ? region : undefined,
        clockAhead: now - answeredAt(headers),
      };
    }),
    listing: once(async (): Promise<Listing> => {
      const isFound = await Promise.race([
        isSettledWell(credentials()),
        probes.clock.sleep(1, signal).then(() => false),
      ]);
      if (!isFound) return { how: 'unsigned', answer: await inquiry.list('unsigned', signal) };
      try {
        return { how: 'signed', answer: await inquiry.list('signed', signal) };
      } catch (error) {
        if (error instanceof ImageCacheError && UNSIGNABLE.test(error.message)) return { how: 'unsignable', error };
        throw error;
      }
    }),
  };
}

/** See `signingError`. */
const UNSIGNABLE = /^(?:There are no credentials|No request) for bucket/;

function isSettledWell(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
