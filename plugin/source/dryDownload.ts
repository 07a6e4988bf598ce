import type { Proof, Recognizer, SourceMetadata } from '../cache/index.ts';
import type { ResolvedOptions } from '../options.ts';
import { withResolvers } from '../withResolvers.ts';
import { attempt } from './attempt.ts';
import type { Clock } from './clock.ts';
import { clockOffset } from './clockOffset.ts';
import type { HttpClient, HttpRequest } from './httpClient.ts';
import { presignedRequest } from './presigned.ts';
import { createS3Signer } from './s3.ts';
import type { S3Object } from './s3Object.ts';
import type { TracedClient, TracedRequest } from './tracedClient.ts';

/**
 * One download of an object as the cache does it, into memory, whose steps can be watched. There is no second attempt, and nothing that it
 * finds affects other downloads.
 */
export interface DryDownload {
  /** The request was signed, or needs no signature of ours. @throws ImageCacheError */
  readonly signed: Promise<HttpRequest>;
  /** The request is on its way. @throws as `signed` */
  readonly sent: Promise<TracedRequest>;
  /** The origin answers with the object. @throws ImageCacheError */
  readonly begun: Promise<SourceMetadata>;
  /** All bytes have arrived, and why that is believed. @throws ImageCacheError */
  readonly arrived: Promise<{ bytes: Buffer; proof: Proof }>;
  /** Bytes so far. */
  readonly received: number;
}

export function startDryDownload(
  object: S3Object,
  { timeouts, maxImageSize }: Pick<ResolvedOptions, 'timeouts' | 'maxImageSize'>,
  client: TracedClient,
  { clock, recognize, signal }: { clock: Clock; recognize: Recognizer; signal: AbortSignal },
): DryDownload {
  const signer = createS3Signer();
  const sent = withResolvers<TracedRequest>();
  const begun = withResolvers<SourceMetadata>();
  const chunks: Uint8Array[] = [];
  let received = 0;

  const prepare = () =>
    object.asAsked === undefined ? signer.sign(object) : Promise.resolve(presignedRequest(object.asAsked));
  const httpClient: HttpClient = {
    open(request) {
      const traced = client.open(request, signal);
      sent.resolve(traced);
      return traced.response;
    },
    close: () => undefined,
  };
  const context = { httpClient, clock, recognize, timeouts, maxImageSize };
  let proof: Proof | undefined;
  const sink = {
    begin: (metadata: SourceMetadata) => begun.resolve(metadata),
    async write(chunk: Uint8Array) {
      received += chunk.length;
      chunks.push(chunk);
    },
    async reset() {
      received = 0;
      chunks.length = 0;
    },
    async complete(given: Proof) {
      proof = given;
    },
  };

  const signed = prepare();
  async function run(): Promise<{ bytes: Buffer; proof: Proof }> {
    const request = await signed;
    try {
      await attempt(request, object, sink, signal, context);
    } catch (error) {
      const offset = object.asAsked === undefined ? clockOffset(request, error) : undefined;
      if (offset === undefined) throw error;
      signer.correctClock(object.bucket, offset);
      await attempt(await prepare(), object, sink, signal, context);
    }
    return { bytes: Buffer.concat(chunks), proof: proof ?? 'structure' };
  }
  const arrived = run().finally(() => signer.close());
  // Whoever is interested awaits them.
  for (const step of [signed, sent.promise, begun.promise]) step.catch(() => undefined);
  arrived.catch((error: unknown) => {
    sent.reject(error);
    begun.reject(error);
  });

  return {
    signed,
    sent: sent.promise,
    begun: begun.promise,
    arrived,
    get received() {
      return received;
    },
  };
}
