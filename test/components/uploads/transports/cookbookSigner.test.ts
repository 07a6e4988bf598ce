import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { beforeAll, expect, test, vi } from 'vitest';
import type { TransportJob } from '../../../../components/uploads/transport.ts';
import { presignedTransport, type SignRequest } from '../../../../components/uploads/transports/presignedTransport.ts';
import { createS3Server, type S3Server } from '../../../../demo/s3/index.ts';
import { temporaryDirectory } from '../../../helpers/directory.ts';
import { snippetsOf } from '../../../helpers/snippets.ts';
import { pngBytes } from '../pictures.ts';

type Sign = (request: SignRequest) => Promise<{ url: string; headers?: Record<string, string> }>;

const root = join(import.meta.dirname, '../../../..');
const BUCKET = 'team-photos';

let server: S3Server;
beforeAll(async () => {
  server = await createS3Server({ buckets: [BUCKET] });
  vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
  // What the cookbook says of the bucket's CORS rules.
  const rule = { AllowedOrigins: ['*'], AllowedMethods: ['PUT', 'HEAD', 'GET'], AllowedHeaders: ['*'] };
  const CORSConfiguration = { CORSRules: [{ ...rule, ExposeHeaders: ['x-amz-checksum-sha256'] }] };
  await client().send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration }));
  return async () => {
    vi.unstubAllEnvs();
    await server.close();
  };
});

function client(): S3Client {
  const { endpoint, credentials } = server;
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

/** The cookbook's `server/sign.ts`, as it stands there. */
async function cookbookSigner(): Promise<Sign> {
  const snippets = snippetsOf(readFileSync(join(root, 'docs/cookbook.md'), 'utf8'));
  const { code = '' } = snippets.find(({ name }) => name === 'server/sign.ts') ?? {};
  const directory = await temporaryDirectory();
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  const file = join(directory, 'sign.mjs');
  await writeFile(file, stripTypeScriptTypes(code));
  const { sign } = createRequire(import.meta.url)(file) as { sign: Sign }; // the snippet exports it
  return sign;
}

/** As most people write one: the SDK decides which headers go into the query. @param headed those that stay headers */
function usualSigner(headed: readonly string[] = []): Sign {
  const unhoistableHeaders = new Set(headed);
  return async ({ method, key, sha256, type }) => {
    const object = { Bucket: BUCKET, Key: key };
    const checksum = Buffer.from(sha256, 'hex').toString('base64');
    const put = new PutObjectCommand({ ...object, ContentType: type, ChecksumSHA256: checksum, IfNoneMatch: '*' });
    const s3 = client();
    if (method === 'PUT') return { url: await getSignedUrl(s3, put, { unhoistableHeaders }) };
    if (method === 'GET') return { url: await getSignedUrl(s3, new GetObjectCommand(object)) };
    const head = new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' });
    return { url: await getSignedUrl(s3, head, { unhoistableHeaders }) };
  };
}

function jobOf(number: number): { job: TransportJob; body: Blob } {
  const bytes = pngBytes(number);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const imageId = sha256.slice(0, 32);
  const key = `uploads/${imageId.slice(0, 2)}/${imageId}.png`;
  const ref = `/api/cache/i/${imageId}.png`;
  const jobId = number.toString(16).padStart(32, '0');
  const of = { jobId, imageId, sha256, key, ref };
  const job = { ...of, project: 'shop', owner: '', size: bytes.length, type: 'image/png', filename: `${number}.png` };
  return { job, body: new Blob([bytes], { type: 'image/png' }) };
}

const context = { signal: new AbortController().signal, onProgress: () => {} };

const SIGNERS: [string, () => Promise<Sign> | Sign][] = [
  ['the cookbook’s', cookbookSigner],
  ['one that leaves the query to the SDK', () => usualSigner()],
  ['one that keeps the headers', () => usualSigner(['x-amz-checksum-mode', 'x-amz-checksum-sha256'])],
];

test.each(SIGNERS)(
  '1: with the signer %#, %s, a picture is stored, and bytes that are there already are found',
  async (_, make) => {
    const sign = await make();
    const { job, body } = jobOf(SIGNERS.findIndex(([, each]) => each === make) + 1);
    const transport = presignedTransport({ sign });
    expect(await transport.check?.([job], context)).toMatchObject([{ state: 'needed' }]);
    expect(await transport.send(job, body, context)).toMatchObject({ state: 'stored' });
    // As after an answer that was lost.
    expect(await transport.send(job, body, context)).toMatchObject({ state: 'stored' });
    expect(await transport.check?.([job], context)).toMatchObject([{ state: 'stored' }]);
  },
);
