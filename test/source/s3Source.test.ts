import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createS3Server, type S3Server } from '../../demo/s3/index.ts';
import type { Source } from '../../plugin/cache/injected/source.ts';
import { createS3Source, type S3Object } from '../../plugin/source/index.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

/** Against a server that checks every signature. */
const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 253));
const KEYS = ['a.jpg', 'dir/ä ö+(1)!.jpg', '/lead', 'a//b', "quote'%25&=?#.png", 'a/../b'];
const never = new AbortController().signal;

let server: S3Server;
let client: S3Client;
let source: Source<S3Object>;

beforeAll(async () => {
  server = await createS3Server({ buckets: ['photos'] });
  for (const key of KEYS) server.put('photos', key, BYTES, { contentType: 'image/jpeg' });
  const { endpoint, credentials } = server;
  client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(endpoint), credentials })]), {
    clock: fastClock(20),
  });
});
afterEach(() => {
  Object.assign(server.faults, { forbidden: 0, expired: 0, slowDown: 0, cut: 0 });
});
afterAll(async () => {
  source.close();
  client.destroy();
  await server.close();
});

function presign(Key: string): Promise<string> {
  return getSignedUrl(client, new GetObjectCommand({ Bucket: 'photos', Key }), { expiresIn: 60 });
}

function bare(key: string): string {
  return `s3://photos/${encodeURIComponent(key)}`.replaceAll('%2F', '/');
}

async function download(url: string): Promise<MemorySink> {
  const sink = new MemorySink();
  const metadata = await source.download(source.identify(url), sink, never);
  expect(metadata.contentType).toBe('image/jpeg');
  expect(metadata.etag).toMatch(/^"[0-9a-f]{32}"$/);
  return sink;
}

describe.each(KEYS)('the key %s', (key) => {
  test('is read by a bare URL, with our credentials', async () => {
    expect((await download(bare(key))).bytes.equals(BYTES)).toBe(true);
  });

  test('is read by a signed URL, with its own', async () => {
    expect((await download(await presign(key))).bytes.equals(BYTES)).toBe(true);
  });

  test('has one canonical URL, however it is requested', async () => {
    expect(source.identify(await presign(key)).key).toBe(source.identify(bare(key)).key);
  });
});

describe.each([
  ['bare', async (key: string) => bare(key)],
  ['signed', presign],
])('a %s URL', (_, urlOf) => {
  test.each([
    ['forbidden', 'UPSTREAM_FORBIDDEN'],
    ['expired', 'UPSTREAM_EXPIRED'],
    ['slowDown', 'UPSTREAM_THROTTLED'],
    ['cut', 'UPSTREAM_TRUNCATED'],
  ] as const)('refused as %s is %s', async (fault, code) => {
    server.faults[fault] = 1;
    expect((await refusal(download(await urlOf('a.jpg')))).code).toBe(code);
  });

  test('of a missing object is UPSTREAM_NOT_FOUND', async () => {
    expect((await refusal(download(await urlOf('none.jpg')))).code).toBe('UPSTREAM_NOT_FOUND');
  });

  test('survives every second body being cut', async () => {
    server.faults.cut = 0.5;
    const sinks = await Promise.all(Array.from({ length: 4 }, async () => download(await urlOf('a.jpg'))));
    expect(sinks.every(({ bytes }) => bytes.equals(BYTES))).toBe(true);
  });
});

test('with a changed signature is UPSTREAM_FORBIDDEN', async () => {
  const url = (await presign('a.jpg')).replace(/Signature=[0-9a-f]{4}/, 'Signature=0000');
  const error = await refusal(download(url));
  expect(error).toMatchObject({
    code: 'UPSTREAM_FORBIDDEN',
    hint: expect.stringContaining('changed after it was signed'),
  });
});

test.each(['key', 'hash', 'token'])(
  'N5: the digest in the name of an image is never sent instead of the %s',
  async (name) => {
    const url = `${server.endpoint}/photos/a.jpg?${name}=blue`;
    const object = source.identify(url);
    expect(object.key).toMatch(/=~[0-9a-f]{32}$/);
    expect(source.identify(object.key).key).toBe(object.key); // it still finds what is cached
    const before = server.stats.gets;
    for (const spelled of [
      object.key,
      `${object.key}&X-Amz-Signature=x`,
      object.key.replace(name, name.toUpperCase()),
    ]) {
      const sink = new MemorySink();
      expect(await refusal(() => source.download(source.identify(spelled), sink, never))).toMatchObject({
        code: 'UPSTREAM_FORBIDDEN',
        hint: expect.stringContaining('the URL that the app has'),
      });
      expect(sink.written).toBe(0);
    }
    expect(server.stats.gets).toBe(before);
  },
);
