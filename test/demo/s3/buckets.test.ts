import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import type { S3Server } from '../../../demo/s3/index.ts';
import { BUCKET, clientOf, codeOf, refusal, startS3 } from './harness.ts';

test('a bucket is created, listed, found and deleted', async () => {
  const client = clientOf(await startS3());
  await client.send(new CreateBucketCommand({ Bucket: 'another' }));
  const { Buckets } = await client.send(new ListBucketsCommand());
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['another', BUCKET]);
  await client.send(new HeadBucketCommand({ Bucket: 'another' }));
  await client.send(new DeleteBucketCommand({ Bucket: 'another' }));
  expect(await refusal(client.send(new HeadBucketCommand({ Bucket: 'another' })))).toBe('404 NotFound');
});

test('a bucket with objects is not deleted', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'a', Buffer.from('x'));
  expect(await refusal(clientOf(s3).send(new DeleteBucketCommand({ Bucket: BUCKET })))).toBe('409 BucketNotEmpty');
});

test.for(['ab', 'UPPER', 'under_score', '-dash', 'dot..dot', '192.168.0.1'])(
  'the name %s is refused',
  async (Bucket) => {
    const client = clientOf(await startS3());
    expect(await refusal(client.send(new CreateBucketCommand({ Bucket })))).toBe('400 InvalidBucketName');
  },
);

test('a bucket is created twice in us-east-1 only', async () => {
  const client = clientOf(await startS3());
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const elsewhere = clientOf(await startS3({ region: 'eu-central-1' }), { region: 'eu-central-1' });
  expect(await refusal(elsewhere.send(new CreateBucketCommand({ Bucket: BUCKET })))).toBe(
    '409 BucketAlreadyOwnedByYou',
  );
});

test('the location of us-east-1 is nothing', async () => {
  const command = new GetBucketLocationCommand({ Bucket: BUCKET });
  expect((await clientOf(await startS3()).send(command)).LocationConstraint).toBeFalsy();
  const elsewhere = clientOf(await startS3({ region: 'eu-central-1' }), { region: 'eu-central-1' });
  expect((await elsewhere.send(command)).LocationConstraint).toBe('eu-central-1');
});

test('what is not implemented says so', async () => {
  const client = clientOf(await startS3());
  expect(await refusal(client.send(new GetBucketAclCommand({ Bucket: BUCKET })))).toBe('501 NotImplemented');
});

describe('CORS', () => {
  const rule = {
    AllowedMethods: ['GET', 'PUT'],
    AllowedOrigins: ['https://app.example', 'http://localhost:*'],
    AllowedHeaders: ['x-amz-*', 'content-type'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 600,
  };

  async function startWithCors(): Promise<S3Server> {
    const s3 = await startS3();
    const CORSConfiguration = { CORSRules: [rule] };
    await clientOf(s3).send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration }));
    return s3;
  }

  function preflight(s3: S3Server, origin: string, method: string, headers = ''): Promise<Response> {
    return fetch(`${s3.endpoint}/${BUCKET}/a.txt`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': method,
        ...(headers && { 'Access-Control-Request-Headers': headers }),
      },
    });
  }

  test('a preflight is answered by the rules, without a signature', async () => {
    const response = await preflight(await startWithCors(), 'http://localhost:5173', 'PUT', 'Content-Type, X-Amz-Date');
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'content-type, x-amz-date',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '600',
      vary: expect.stringContaining('Origin'),
    });
  });

  test.for([
    ['another origin', 'https://evil.example', 'GET', ''],
    ['an origin that only begins alike', 'https://app.example.evil', 'GET', ''],
    ['another method', 'https://app.example', 'DELETE', ''],
    ['another header', 'https://app.example', 'PUT', 'authorization'],
  ] as const)('a preflight from %s is refused', async ([, origin, method, headers]) => {
    const response = await preflight(await startWithCors(), origin, method, headers);
    expect([response.status, codeOf(await response.text())]).toEqual([403, 'AccessForbidden']);
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('without rules every preflight is refused', async () => {
    const s3 = await startS3();
    const response = await preflight(s3, 'https://app.example', 'GET');
    expect([response.status, codeOf(await response.text())]).toEqual([403, 'AccessForbidden']);
    expect(await refusal(clientOf(s3).send(new GetBucketCorsCommand({ Bucket: BUCKET })))).toBe(
      '404 NoSuchCORSConfiguration',
    );
  });

  test('answers, errors too, can be read by the origins of the rules alone', async () => {
    const s3 = await startWithCors();
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand({ Bucket: BUCKET, Key: 'missing' }));
    const [friend, stranger] = await Promise.all(
      ['https://app.example', 'https://evil.example'].map((Origin) => fetch(url, { headers: { Origin } })),
    );
    expect(friend?.status).toBe(404);
    expect(friend?.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(friend?.headers.get('access-control-expose-headers')).toBe('ETag');
    expect(stranger?.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('the rules are kept as they were put', async () => {
    const { CORSRules } = await clientOf(await startWithCors()).send(new GetBucketCorsCommand({ Bucket: BUCKET }));
    expect(CORSRules).toEqual([rule]);
  });
});
