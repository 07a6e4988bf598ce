import { describe, expect, it } from 'vitest';
import { createImageCache } from '../../plugin/express.ts';
import { parseDuration } from '../../plugin/amounts.ts';
import type { Manifest } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { startApi, startBucket } from '../helpers/stack.ts';

async function withPictures(count: number, options: Parameters<typeof startApi>[1] = {}) {
  const bucket = await startBucket();
  const urls: string[] = [];
  for (let n = 0; n < count; n += 1) {
    bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
    urls.push(await bucket.presign(`${n}.jpg`));
  }
  const api = await startApi(bucket, options);
  const prefetch = async (actor_id: string, ...wanted: string[]) =>
    (await api.post('/prefetch', { actor_id, images: wanted.map((s3_url) => ({ s3_url })) })).json();
  const manifest = async () => (await (await api.get('/manifest')).json()) as Manifest;
  return { ...api, urls, prefetch, manifest };
}

describe('POST /pin', () => {
  it('pins and unpins an image by any of its URLs, and an actor', async () => {
    const { post, urls, prefetch, manifest } = await withPictures(2);
    await prefetch('0001', ...urls);
    const pinned = async () => Object.values((await manifest()).entries).filter((entry) => entry.pinned).length;
    const pin = async (body: unknown) => {
      const answer = await post('/pin', body);
      expect(answer.status).toBe(200);
      return answer.json();
    };
    expect(await pin({ s3_url: urls[0] })).toEqual({ pinned: 1 });
    expect(await pinned()).toBe(1);
    expect(await pin({ actor_id: '0001', pinned: true })).toEqual({ pinned: 2 });
    expect(await pinned()).toBe(2);
    expect(await pin({ actor_id: '0001', pinned: false })).toEqual({ pinned: 2 });
    expect(await pinned()).toBe(0);
  });

  it.each([
    [{}, 400, 'INVALID_BODY'],
    [{ s3_url: 'https://a.example/b.png', actor_id: '1' }, 400, 'INVALID_BODY'],
    [{ actor_id: '1', pinned: 'yes' }, 400, 'INVALID_BODY'],
    [{ actor_id: '../x' }, 400, 'INVALID_ACTOR_ID'],
    [{ actor_id: '__proto__' }, 400, 'INVALID_ACTOR_ID'],
    [{ s3_url: 7 }, 400, 'INVALID_URL'],
    [{ s3_url: 'https://evil.example/x.png' }, 403, 'HOST_NOT_ALLOWED'],
    [null, 400, 'INVALID_BODY'],
    [[], 400, 'INVALID_BODY'],
  ])('T17, T25: %j is %d %s', async (body, status, code) => {
    const { post } = await startApi(await startBucket());
    const answer = await post('/pin', body);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code })]);
  });

  it('T1, T11: refuses other sites and other methods, and an image that is not cached', async () => {
    const { get, post, urls } = await withPictures(1);
    expect((await post('/pin', { actor_id: '1' }, { Origin: 'https://evil.example' })).status).toBe(403);
    const wrong = await get('/pin');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    const unknown = await post('/pin', { s3_url: urls[0] });
    expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ code: 'NOT_CACHED' })]);
  });
});

describe('limits', () => {
  it('T61: an image larger than maxSize is 413 IMAGE_TOO_LARGE, and so is one larger than its actor’s quota', async () => {
    const { get, urls, prefetch } = await withPictures(1, { maxSize: 500 });
    const answer = await get(`/image?url=${encodeURIComponent(urls[0] ?? '')}`);
    expect([answer.status, await answer.json()]).toEqual([413, expect.objectContaining({ code: 'IMAGE_TOO_LARGE' })]);
    expect(await prefetch('1', ...urls)).toMatchObject({ results: [{ error: { code: 'IMAGE_TOO_LARGE' } }] });
    const limited = await withPictures(1, { quotas: { guest: '500B' } });
    expect(await limited.prefetch('guest', ...limited.urls)).toMatchObject({
      results: [{ error: { code: 'IMAGE_TOO_LARGE' } }],
    });
    expect(await limited.prefetch('host', ...limited.urls)).toMatchObject({ downloaded: 1 });
  });

  it('T56: a disk with less free space than minFreeSpace is 507 CACHE_DISK_FULL with a hint, and hits are still served', async () => {
    const { get, urls, prefetch, dir } = await withPictures(2);
    await prefetch('1', urls[0] ?? '');
    const bucketless = await withPictures(2, { minFreeSpace: '1000TB', cacheDir: dir });
    const image = (n: number) => `/image?url=${encodeURIComponent(bucketless.urls[n] ?? '')}`;
    const full = await bucketless.get(image(1));
    expect([full.status, await full.json()]).toEqual([
      507,
      expect.objectContaining({ code: 'CACHE_DISK_FULL', hint: expect.stringContaining('minFreeSpace') }),
    ]);
    expect((await get(`/image?url=${encodeURIComponent(urls[0] ?? '')}`)).headers.get('x-cache')).toBe('HIT');
  });
});

describe('options', () => {
  it.each<[unknown, number | undefined]>([
    [90, 90_000],
    ['90', 90_000],
    ['1.5h', 5_400_000],
    ['30d', 30 * 86_400_000],
    ['2 W', 14 * 86_400_000],
    ['15m', 900_000],
    [0, undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ['soon', undefined],
    ['1y', undefined],
    ['', undefined],
    [null, undefined],
  ])('a duration of %j is %j ms', (duration, milliseconds) => {
    expect(parseDuration(duration)).toBe(milliseconds);
  });

  it.each([
    [{ maxAge: 'soon' }, 'option `maxAge` must be a positive number of seconds'],
    [{ maxAge: 0 }, 'option `maxAge`'],
    [{ minFreeSpace: -1 }, 'option `minFreeSpace` must be 0'],
    [{ quotas: { a: 'lots' } }, 'option `quotas'],
    [{ quotas: 5 }, 'option `quotas`'],
  ])('%j is refused by name', (options, message) => {
    expect(() => createImageCache({ buckets: ['photos'], ...options } as never)).toThrow(message);
  });

  it('a quota that is not a size is an error, and does not mean no quota', async () => {
    const { urls, prefetch } = await withPictures(1, { quotas: (actor) => (actor === 'a' ? 'lots' : undefined) });
    expect(await prefetch('a', ...urls)).toMatchObject({ results: [{ error: { code: 'INVALID_OPTION' } }] });
    expect(await prefetch('b', ...urls)).toMatchObject({ downloaded: 1 });
  });

  it('accepts every form', () => {
    for (const quotas of [{ a: '10MB', b: 5 }, () => undefined]) {
      const options = { buckets: ['photos'], maxAge: '30d', minFreeSpace: 0, quotas };
      expect(() => createImageCache(options)).not.toThrow();
    }
  });
});
