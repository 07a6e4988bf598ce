import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BUCKET, clientOf, refusal, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'a.jpg' };

test('an object comes back as it was put', async () => {
  const client = clientOf(await startS3());
  const attributes = {
    ContentType: 'image/jpeg',
    CacheControl: 'max-age=60',
    ContentDisposition: 'inline',
    ContentEncoding: 'gzip',
    Metadata: { owner: 'me' },
  };
  const put = await client.send(new PutObjectCommand({ ...object, Body: 'bytes', ...attributes }));
  const got = await client.send(new GetObjectCommand(object));
  expect(await got.Body?.transformToString()).toBe('bytes');
  expect(got).toMatchObject({ ...attributes, ContentLength: 5, AcceptRanges: 'bytes', ETag: put.ETag });
  expect(got.ETag).toBe(`"${createHash('md5').update('bytes').digest('hex')}"`);
});

test.for([
  ['a//b', 'a/b'],
  ['/a', 'a'],
  ['A', 'a'],
  ['é', 'e\u0301'],
  ['a%2Fb', 'a/b'],
  ['a+b', 'a b'],
] as const)('T24: the keys %j and %j are two objects', async ([first, second]) => {
  const client = clientOf(await startS3());
  for (const Key of [first, second]) await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
  for (const Key of [first, second]) {
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    expect(await got.Body?.transformToString()).toBe(Key);
  }
});

test('a signed URL may override what the answer says of the object', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'a.jpg', Buffer.from('x'), { contentType: 'image/jpeg' });
  const override = { ResponseContentType: 'text/plain', ResponseContentDisposition: 'attachment; filename="a b.txt"' };
  const response = await fetch(await getSignedUrl(clientOf(s3), new GetObjectCommand({ ...object, ...override })));
  expect(response.headers.get('content-type')).toBe('text/plain');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="a b.txt"');

  const split = getSignedUrl(clientOf(s3), new GetObjectCommand({ ...object, ResponseContentType: 'a\r\nb: c' }));
  expect((await fetch(await split)).status).toBe(400);
});

describe('what is not there', () => {
  const elsewhere = { Bucket: 'elsewhere', Key: 'a' };

  test.for([
    ['an object', '404 NoSuchKey', (client: S3Client) => client.send(new GetObjectCommand(object))],
    ['the head of an object', '404 NotFound', (client: S3Client) => client.send(new HeadObjectCommand(object))],
    ['a bucket to read', '404 NoSuchBucket', (client: S3Client) => client.send(new GetObjectCommand(elsewhere))],
    [
      'a bucket to write',
      '404 NoSuchBucket',
      (client: S3Client) => client.send(new PutObjectCommand({ ...elsewhere, Body: 'x' })),
    ],
    [
      'a version',
      '400 InvalidArgument',
      (client: S3Client) => client.send(new GetObjectCommand({ ...object, VersionId: '1' })),
    ],
  ] as const)('%s: %s', async ([, expected, ask]) => {
    expect(await refusal(ask(clientOf(await startS3())))).toBe(expected);
  });

  test('is deleted with success', async () => {
    const client = clientOf(await startS3());
    const answer = await client.send(new DeleteObjectCommand(object));
    expect(answer.$metadata.httpStatusCode).toBe(204);
  });
});

describe('a range', () => {
  test.for([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ] as const)('%s is sent alone', async ([Range, expected, contentRange]) => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.jpg', Buffer.from('0123456789'));
    const got = await clientOf(s3).send(new GetObjectCommand({ ...object, Range }));
    expect(got.$metadata.httpStatusCode).toBe(206);
    expect([await got.Body?.transformToString(), got.ContentRange]).toEqual([expected, contentRange]);
  });

  test.for(['bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1'])('%s is ignored', async (Range) => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.jpg', Buffer.from('0123456789'));
    const got = await clientOf(s3).send(new GetObjectCommand({ ...object, Range }));
    expect([got.$metadata.httpStatusCode, await got.Body?.transformToString()]).toEqual([200, '0123456789']);
  });

  test.for(['bytes=10-', 'bytes=-0'])('%s cannot be satisfied', async (Range) => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.jpg', Buffer.from('0123456789'));
    expect(await refusal(clientOf(s3).send(new GetObjectCommand({ ...object, Range })))).toBe('416 InvalidRange');
  });
});

describe('a copy', () => {
  test('keeps bytes and metadata, or replaces the metadata', async () => {
    const client = clientOf(await startS3());
    await client.send(
      new PutObjectCommand({ ...object, Body: 'bytes', ContentType: 'image/jpeg', Metadata: { a: '1' } }),
    );
    const copy = { Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/a.jpg` };
    await client.send(new CopyObjectCommand(copy));
    const kept = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'copy' }));
    expect([await kept.Body?.transformToString(), kept.ContentType, kept.Metadata]).toEqual([
      'bytes',
      'image/jpeg',
      { a: '1' },
    ]);

    await client.send(new CopyObjectCommand({ ...copy, MetadataDirective: 'REPLACE', Metadata: { b: '2' } }));
    const replaced = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'copy' }));
    expect(replaced.Metadata).toEqual({ b: '2' });
  });

  test('holds to the conditions on its source', async () => {
    const client = clientOf(await startS3());
    await client.send(new PutObjectCommand({ ...object, Body: 'bytes' }));
    const copy = { Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/a.jpg`, CopySourceIfMatch: '"other"' };
    expect(await refusal(client.send(new CopyObjectCommand(copy)))).toBe('412 PreconditionFailed');
  });
});

test('many objects are deleted at once', async () => {
  const s3 = await startS3();
  for (const key of ['a<&>', 'b', 'c']) s3.put(BUCKET, key, Buffer.from('x'));
  const Objects = [{ Key: 'a<&>' }, { Key: 'b' }, { Key: 'missing' }];
  const answer = await clientOf(s3).send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
  expect(answer.Deleted).toEqual(Objects);
  expect(await refusal(clientOf(s3).send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'a<&>' })))).toBe('404 NotFound');
  await clientOf(s3).send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'c' }));
});

describe('limits', () => {
  test('a body over 64 MiB is refused by its announcement', async () => {
    const client = clientOf(await startS3());
    const put = new PutObjectCommand({
      ...object,
      Body: Buffer.alloc(64 * 1024 * 1024 + 1),
      ContentLength: 64 * 1024 * 1024 + 1,
    });
    expect(await refusal(client.send(put))).toBe('400 EntityTooLarge');
  });

  test('a key over 1,024 bytes and metadata over 2 KiB are refused', async () => {
    const client = clientOf(await startS3());
    const long = new PutObjectCommand({ ...object, Key: 'ü'.repeat(513), Body: 'x' });
    const chatty = new PutObjectCommand({ ...object, Body: 'x', Metadata: { a: 'x'.repeat(2048) } });
    expect(await refusal(client.send(long))).toBe('400 KeyTooLongError');
    expect(await refusal(client.send(chatty))).toBe('400 MetadataTooLarge');
  });
});
