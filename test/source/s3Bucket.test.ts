import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { createS3Bucket } from '../../plugin/source/index.ts';
import { type UploadBucket, UploadFailure } from '../../plugin/uploads/index.ts';
import { type S3Proxy, s3Refusal, startS3Proxy } from '../helpers/s3Proxy.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';

const KEY = 'uploads/ab/ab.jpg';
const BODY = Buffer.alloc(200_000, 'picture');
const PICTURE = {
  key: KEY,
  sha256: createHash('sha256').update(BODY).digest('hex'),
  contentType: 'image/jpeg',
  body: BODY,
  isCounted: false,
};
const PUT = `PUT /photos/${KEY}`;
const HEAD = `HEAD /photos/${KEY}`;
const GET = `GET /photos/${KEY}`;

interface Store {
  bucket: Bucket;
  proxy: S3Proxy;
  store(signal?: AbortSignal): Promise<{ etag: string }>;
  uploads: UploadBucket;
}

async function startStore(option: object = {}, timeouts: object = {}): Promise<Store> {
  const bucket = await startBucket();
  const proxy = await startS3Proxy(bucket.server);
  const options = resolveOptions({
    buckets: [{ ...bucket.option, endpoint: proxy.endpoint, ...option }],
    timeouts,
  });
  const uploads = createS3Bucket(options, 'photos');
  onTestFinished(() => uploads.close());
  return { bucket, proxy, uploads, store: (signal = new AbortController().signal) => uploads.store(PICTURE, signal) };
}

async function failureOf(stored: Promise<unknown>): Promise<UploadFailure> {
  const error = await stored.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UploadFailure) return error;
  throw new Error(`expected a failure; got ${String(error)}`);
}

const only = (method: string, answer: ReturnType<S3Proxy['answer']>) => (request: IncomingMessage) =>
  request.method === method ? answer : undefined;

describe('a picture in a bucket', () => {
  it('is written once, and proved by the checksum that the store shows', async () => {
    const { proxy, store, bucket, uploads } = await startStore();
    expect(await store()).toMatchObject({ etag: `"${createHash('md5').update(BODY).digest('hex')}"` });
    expect(proxy.seen).toEqual([PUT, HEAD]);
    expect(uploads.urlOf(KEY)).toBe(`${proxy.endpoint}/photos/${KEY}`);
    const { headers } = await fetch(await bucket.presign(KEY));
    expect([headers.get('content-type'), headers.get('cache-control')]).toEqual([
      'image/jpeg',
      'max-age=31536000, immutable',
    ]);
  });

  it('C13: is stored when it is there already, be it by an answer that was lost', async () => {
    const { proxy, store, bucket } = await startStore();
    bucket.server.faults.lostResponse = 1;
    expect((await failureOf(store())).kind).toBe('unreachable');
    bucket.server.faults.lostResponse = 0;
    expect(await store()).toMatchObject({ etag: expect.any(String) });
    expect(proxy.seen).toEqual([PUT, PUT, HEAD]);
  });

  it('never takes the place of other bytes', async () => {
    const { store, bucket } = await startStore();
    bucket.server.put('photos', KEY, Buffer.from('other'));
    expect(await failureOf(store())).toMatchObject({ kind: 'refused', code: 'ID_CONFLICT' });
    expect(await (await fetch(await bucket.presign(KEY))).text()).toBe('other');
  });

  it.each([
    [501, 'NotImplemented'],
    [400, 'InvalidArgument'],
  ])('without conditions where the store answers %i to them, which is remembered', async (status, code) => {
    const { proxy, store, bucket } = await startStore();
    proxy.answer = ({ method, headers }) =>
      method === 'PUT' && headers['if-none-match'] !== undefined ? s3Refusal(status, code) : undefined;
    await store();
    expect(proxy.seen).toEqual([PUT, HEAD, PUT, HEAD]);
    proxy.seen.length = 0;
    await store();
    expect(proxy.seen).toEqual([HEAD]);
    bucket.server.put('photos', KEY, Buffer.alloc(BODY.length, 'other'));
    expect(await failureOf(store())).toMatchObject({ code: 'ID_CONFLICT' });
    expect(await (await fetch(await bucket.presign(KEY))).text()).toMatch(/^other/);
  });

  it('without a checksum where the store takes none, and then it is read back', async () => {
    const { proxy, store } = await startStore();
    proxy.answer = ({ method, headers }) =>
      method === 'PUT' && headers['x-amz-checksum-sha256'] !== undefined ? s3Refusal(501, 'NotImplemented') : undefined;
    expect(await store()).toMatchObject({ etag: expect.any(String) });
    expect(proxy.seen.slice(-3)).toEqual([PUT, HEAD, GET]);
  });

  it('is read back where the store shows no checksum, or answers a HEAD for one with 400', async () => {
    const { proxy, store } = await startStore();
    proxy.rewrite = (headers) => ({ ...headers, 'x-amz-checksum-sha256': undefined });
    await store();
    expect(proxy.seen).toEqual([PUT, HEAD, GET]);
    proxy.answer = only('HEAD', s3Refusal(400, 'InvalidRequest'));
    await store();
    expect(proxy.seen.slice(3)).toEqual([PUT, HEAD, GET]);
  });

  it.each([
    ['a checksum of checksums', { 'x-amz-checksum-type': 'COMPOSITE' }],
    ['the writer’s own digest', { 'content-md5': createHash('md5').update('other').digest('base64') }],
  ])('is not believed for %s', async (_, told) => {
    const { proxy, store } = await startStore();
    proxy.rewrite = ({ 'x-amz-checksum-sha256': sum, ...headers }, { method }) => {
      if (method !== 'HEAD') return headers;
      return 'x-amz-checksum-type' in told
        ? { ...headers, 'x-amz-checksum-sha256': sum, ...told }
        : { ...headers, ...told };
    };
    await store();
    expect(proxy.seen).toEqual([PUT, HEAD, GET]);
  });

  it('is tried again when the store has taken it and shows something else, or nothing', async () => {
    const { proxy, store } = await startStore();
    proxy.answer = only('HEAD', s3Refusal(404, 'NoSuchKey'));
    expect(await failureOf(store())).toMatchObject({ kind: 'transient', code: 'UPSTREAM_CHECKSUM' });
    const other = await startStore();
    other.proxy.rewrite = (headers) => ({
      ...headers,
      'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64'),
    });
    expect(await failureOf(other.store())).toMatchObject({ kind: 'transient', code: 'UPSTREAM_CHECKSUM' });
  });

  it('a conflict with another write is tried again at once', async () => {
    const { proxy, store } = await startStore();
    let conflicts = 1;
    proxy.answer = ({ method }) =>
      method === 'PUT' && conflicts-- > 0 ? s3Refusal(409, 'ConditionalRequestConflict') : undefined;
    await store();
    expect(proxy.seen).toEqual([PUT, PUT, HEAD]);
  });
});

describe('a failure', () => {
  it.each([
    [503, 'SlowDown', 'transient', 'UPSTREAM_THROTTLED'],
    [500, 'InternalError', 'transient', 'UPSTREAM_ERROR'],
    [429, 'TooManyRequests', 'transient', 'UPSTREAM_THROTTLED'],
    [400, 'RequestTimeout', 'transient', 'UPSTREAM_ERROR'],
    [400, 'BadDigest', 'transient', 'UPSTREAM_ERROR'],
    [403, 'AccessDenied', 'blocked', 'UPSTREAM_FORBIDDEN'],
    [403, 'InvalidAccessKeyId', 'blocked', 'UPSTREAM_FORBIDDEN'],
    [400, 'ExpiredToken', 'blocked', 'UPSTREAM_EXPIRED'],
    [404, 'NoSuchBucket', 'blocked', 'UPSTREAM_NOT_FOUND'],
    [301, 'PermanentRedirect', 'blocked', 'UPSTREAM_REDIRECT'],
    [400, 'EntityTooLarge', 'refused', 'UPSTREAM_ERROR'],
  ])('%i %s is %s', async (status, s3Code, kind, code) => {
    const { proxy, store } = await startStore();
    proxy.answer = only('PUT', s3Refusal(status, s3Code));
    expect(await failureOf(store())).toMatchObject({ kind, code });
  });

  it('says what the credentials lack, in words', async () => {
    const { proxy, store } = await startStore();
    proxy.answer = only('PUT', s3Refusal(403, 'AccessDenied'));
    expect((await failureOf(store())).hint).toBe(
      'The credentials need s3:PutObject, and s3:GetObject to see what was stored, for arn:aws:s3:::photos/uploads/*.',
    );
  });

  it('passes on how long the store wants to be left alone', async () => {
    const { proxy, store } = await startStore();
    proxy.answer = only('PUT', s3Refusal(503, 'SlowDown', { 'Retry-After': '7' }));
    expect((await failureOf(store())).retryAfterMs).toBe(7000);
  });

  it('is unreachable where nothing listens, and where the answer does not come', async () => {
    const { proxy, store } = await startStore({}, { firstByte: 100 });
    proxy.answer = only('PUT', 'reset');
    expect(await failureOf(store())).toMatchObject({ kind: 'unreachable', code: 'UPSTREAM_UNREACHABLE' });
    const away = await startStore({ endpoint: 'http://127.0.0.1:9' });
    expect(await failureOf(away.store())).toMatchObject({ kind: 'unreachable' });
  });

  it('is blocked without credentials', async () => {
    const { store } = await startStore({
      credentials: () => Promise.reject(Object.assign(new Error('no'), { name: 'CredentialsProviderError' })),
    });
    expect(await failureOf(store())).toMatchObject({ kind: 'blocked', code: 'UPSTREAM_FORBIDDEN' });
  });

  it('corrects a clock that is wrong by what the store says', async () => {
    const { proxy, store } = await startStore();
    let refusals = 1;
    const later = new Date(Date.now() + 60 * 60_000).toUTCString();
    proxy.answer = () => (refusals-- > 0 ? s3Refusal(403, 'RequestTimeTooSkewed', { Date: later }) : undefined);
    // Signed an hour ahead, the strict store refuses it; what counts is that it was signed once more.
    await failureOf(store());
    expect(proxy.seen).toEqual([PUT, PUT]);
  });

  it('ends at once when it is given up', async () => {
    const { store, bucket } = await startStore();
    bucket.server.faults.latencyMs = 60_000;
    const abort = new AbortController();
    const stored = store(abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(stored).rejects.toBeDefined();
  });
});
