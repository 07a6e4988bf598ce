import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CacheStats, PrefetchAnswer } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { type Api, type Bucket, imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const KEYS = Array.from({ length: 20 }, (_, n) => `0001/${n}.jpg`);
const pictures = await Promise.all(Array.from({ length: 21 }, (_, n) => jpeg(n)));
const pictureOf = (n: number) => pictures[n] ?? Buffer.alloc(0);

async function startFilled(options: Parameters<typeof startApi>[1] = {}) {
  const bucket = await startBucket();
  for (const [n, key] of KEYS.entries()) bucket.server.put('photos', key, pictureOf(n));
  const api = await startApi(bucket, options);
  return { bucket, api, sync: (more: object = {}) => prefetch(api, bucket, more) };
}

async function prefetch(api: Api, bucket: Bucket, more: object): Promise<PrefetchAnswer> {
  const images = await Promise.all(KEYS.map(async (key) => ({ s3_url: await bucket.presign(key) })));
  const answer = await api.post('/prefetch', { actor_id: '0001', images, ...more });
  return (await answer.json()) as PrefetchAnswer;
}

/** GETs and bytes that S3 has had to answer with since the last call. */
function counter({ server: { stats } }: Bucket) {
  let [gets, bytes] = [0, 0];
  return () => {
    const since = { gets: stats.gets - gets, bytes: stats.bytesSent - bytes };
    [gets, bytes] = [stats.gets, stats.bytesSent];
    return since;
  };
}

/** Another second, or another hour, than the one in which everything was stored. */
const LET_IT_GO_STALE = { revalidate: 0.001 } as const;

describe('differential sync', () => {
  it('needs no request if images are fresh, or fresh for ever', async () => {
    for (const options of [{}, { revalidate: '1h' }]) {
      const { bucket, sync } = await startFilled(options);
      expect(await sync()).toMatchObject({ downloaded: 20 });
      const since = counter(bucket);
      since();
      expect(await sync()).toMatchObject({ total: 20, cached: 20, downloaded: 0 });
      expect(since()).toEqual({ gets: 0, bytes: 0 });
    }
  });

  it('makes one conditional request for each stale image, and downloads those that have changed', async () => {
    const { bucket, api, sync } = await startFilled(LET_IT_GO_STALE);
    await sync();
    const since = counter(bucket);
    since();
    await sleep(5);
    expect(await sync()).toMatchObject({ cached: 20, downloaded: 0 });
    expect(since()).toEqual({ gets: 20, bytes: 0 });

    bucket.server.put('photos', '0001/7.jpg', pictureOf(20));
    await sleep(5);
    const answer = await sync();
    expect(answer).toMatchObject({ cached: 19, downloaded: 1 });
    expect(answer.results[7]).toMatchObject({ status: 'downloaded' });
    expect(since()).toEqual({ gets: 20, bytes: pictureOf(20).length });
    const changed = answer.results[7] && 'entry' in answer.results[7] ? answer.results[7].entry.local_path : '';
    expect(Buffer.from(await (await api.get(imagePath(changed))).arrayBuffer())).toEqual(pictureOf(20));
    const stats = (await (await api.get('/stats')).json()) as CacheStats;
    expect(stats.revalidations).toEqual({ unchanged: 39, changed: 1, failed: 0 });
  });

  it('is forced by `revalidate`, also with URLs that we sign', async () => {
    const { bucket, api, sync } = await startFilled();
    await sync();
    const since = counter(bucket);
    since();
    expect(await sync({ revalidate: true })).toMatchObject({ cached: 20 });
    const images = KEYS.map((key) => ({ s3_url: `s3://photos/${key}` }));
    const bare = await api.post('/prefetch', { actor_id: '0001', images, revalidate: true });
    expect(await bare.json()).toMatchObject({ cached: 20 });
    expect(since()).toEqual({ gets: 40, bytes: 0 });
    expect((await api.post('/prefetch', { actor_id: '0001', images, revalidate: 'yes' })).status).toBe(400);
  });

  it('T39: says why S3 could not be asked, and keeps the cached image', async () => {
    const { bucket, sync } = await startFilled();
    await sync();
    bucket.server.faults.offline = true;
    const answer = await sync({ revalidate: true });
    expect(answer).toMatchObject({ cached: 20, failed: 0 });
    for (const result of answer.results) expect(result).toMatchObject({ stale: { code: 'UPSTREAM_UNREACHABLE' } });
  });
});

describe('GET /image?url= of a stale image', () => {
  it('answers X-Cache: STALE at once, and later with the new image', async () => {
    const { bucket, api } = await startFilled(LET_IT_GO_STALE);
    const url = imageUrl(await bucket.presign('0001/0.jpg'));
    await (await api.get(url)).arrayBuffer();
    bucket.server.put('photos', '0001/0.jpg', pictureOf(20));
    await sleep(5);
    const stale = await api.get(url);
    expect(stale.headers.get('x-cache')).toBe('STALE');
    expect(stale.headers.get('cache-status')).toBe('image-cache; hit; detail=stale');
    expect(stale.headers.get('cache-control')).toBe('no-cache');
    expect(Buffer.from(await stale.arrayBuffer())).toEqual(pictureOf(0));
    const latest = async () => Buffer.from(await (await api.get(url)).arrayBuffer()).equals(pictureOf(20));
    await expect.poll(latest).toBe(true);
  });

  it('with `revalidate=true` waits for S3: X-Cache: REVALIDATED', async () => {
    const { bucket, api } = await startFilled();
    const url = imageUrl(await bucket.presign('0001/0.jpg'));
    await (await api.get(url)).arrayBuffer();
    const same = await api.get(`${url}&revalidate=true`);
    expect(same.headers.get('x-cache')).toBe('REVALIDATED');
    expect(same.headers.get('cache-status')).toBe('image-cache; fwd=request; detail=revalidated');
    expect(Buffer.from(await same.arrayBuffer())).toEqual(pictureOf(0));
    bucket.server.put('photos', '0001/0.jpg', pictureOf(20));
    const changed = await api.get(`${url}&revalidate=true`);
    expect(Buffer.from(await changed.arrayBuffer())).toEqual(pictureOf(20));
    expect((await api.get(`${url}&revalidate=1`)).status).toBe(400);
  });

  it('T39: is served when the signature has expired', async () => {
    const { bucket, api } = await startFilled(LET_IT_GO_STALE);
    await (await api.get(imageUrl(await bucket.presign('0001/0.jpg')))).arrayBuffer();
    await sleep(5);
    const expired = imageUrl(await bucket.presign('0001/0.jpg', 10_000));
    const waited = await api.get(`${expired}&revalidate=true`);
    expect(waited.headers.get('x-cache')).toBe('STALE');
    expect(Buffer.from(await waited.arrayBuffer())).toEqual(pictureOf(0));
    for (let n = 0; n < 5; n += 1) {
      const answer = await api.get(expired);
      expect(answer.headers.get('x-cache')).toBe('STALE');
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(pictureOf(0));
    }
    const stats = (await (await api.get('/stats')).json()) as CacheStats;
    expect(stats.revalidations).toEqual({ unchanged: 0, changed: 0, failed: 1 });
  });
});
