import type { Storage } from '../../demo/settings.ts';
import { type Sign, createSigner } from '../../demo/signer.ts';
import { createS3Client } from '../../demo/upload.ts';
import type { BucketOptions } from '../../plugin/options.ts';
import type { Bench } from './bench.ts';
import type { S3Options } from './servers/s3.ts';

const BUCKET = 'bench-photos';
const CREDENTIALS = { accessKeyId: 'DEMOKEY', secretAccessKey: 'demosecret' };

/** A bucket full of photographs, as seen from some way off. */
export interface Upstream {
  storage: Required<Pick<Storage, 'endpoint' | 'region' | 'bucket' | 'credentials'>>;
  /** As the option `buckets` has it. */
  bucket: BucketOptions;
  bareUrl(key: string): string;
  presign: Sign;
}

/** Starts an S3 server with so many photographs in it. */
export async function startUpstream({ processes }: Bench, objects: S3Options['objects']): Promise<Upstream> {
  const { origin } = await processes.start('s3', { bucket: BUCKET, objects });
  return upstreamAt(origin);
}

/** The same bucket behind a proxy that holds back each request for so long. */
export async function slowedDown({ processes }: Bench, { storage }: Upstream, delayMs: number): Promise<Upstream> {
  const port = Number(new URL(storage.endpoint).port);
  const { origin } = await processes.start('slow', { port, delayMs });
  return upstreamAt(origin);
}

function upstreamAt(endpoint: string): Upstream {
  const storage = { endpoint, region: 'us-east-1', bucket: BUCKET, credentials: CREDENTIALS };
  return {
    storage,
    bucket: { name: BUCKET, endpoint, credentials: CREDENTIALS },
    bareUrl: (key) => `${endpoint}/${BUCKET}/${key}`,
    presign: createSigner(storage),
  };
}

/** Lists all objects. Listing needs their sizes, so it creates them, and the first contender need not wait for that. */
export async function makeAll({ storage }: Upstream): Promise<void> {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const client = createS3Client(storage);
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: BUCKET, ...(token !== undefined && { ContinuationToken: token }) }),
    );
    token = page.NextContinuationToken;
  }
  client.destroy();
}
