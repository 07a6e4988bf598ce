import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../plugin/http/eventLog.ts';
import type { PrefetchAnswer } from '../../plugin/protocol.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { entryOf } from '../helpers/entries.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const PRIVATE = 's3://photos/private/a.jpg';
const owner = { 'X-User': 'owner' };

async function startWithHook(options: { cacheDir?: string } = {}, given?: Bucket) {
  const bucket = given ?? (await startBucket());
  bucket.server.put('photos', 'private/a.jpg', await jpeg(1));
  const api = await startApi(bucket, {
    ...options,
    authorize: (request, { key }) => request.headers['x-user'] === 'owner' || !key.startsWith('private/'),
  });
  return { bucket, api };
}

describe('S9: overrides of headers', () => {
  it('do not name another image: one entry, one GET, and each of them can invalidate it', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket);
    const urlWith = (n: number) => `s3://photos/a.jpg?response-expires=${n}&response-cache-control=x${n}`;
    for (let n = 1; n <= 45; n += 1) expect((await api.get(imageUrl(urlWith(n)))).status).toBe(200);
    expect(bucket.server.stats.gets).toBe(1);
    expect(await api.images.cache.stats()).toMatchObject({ total_entries: 1 });
    expect(await (await api.post('/invalidate', { s3_url: urlWith(99) })).json()).toMatchObject({ invalidated: 1 });
    expect(await api.images.cache.stats()).toMatchObject({ total_entries: 0 });
  });
});

describe('S15: a user who may not see an image', () => {
  it('gets the same answer whether it is cached or not', async () => {
    const { bucket, api } = await startWithHook();
    const ask = async () => {
      const image = await api.get(imageUrl(PRIVATE));
      const lookup = await api.post('/lookup', { s3_urls: [PRIVATE] });
      const prefetch = await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: PRIVATE }] });
      return [image.status, await image.text(), await lookup.text(), await prefetch.text()];
    };
    const before = await ask();
    expect(before[0]).toBe(403);
    expect(bucket.server.stats.gets).toBe(0);
    expect((await api.get(imageUrl(PRIVATE), owner)).status).toBe(200);
    expect(await ask()).toEqual(before);
  });

  it('causes no file to be adopted by any request for it', async () => {
    const { bucket, api: first } = await startWithHook();
    expect((await first.get(imageUrl(PRIVATE), owner)).status).toBe(200);
    const folder = join(first.dir, 'images', 'default');
    const [name = ''] = await readdir(folder);
    const dir = join(await temporaryDirectory(), '.image-cache');
    await mkdir(join(dir, 'images', 'default'), { recursive: true, mode: 0o700 });
    await copyFile(join(folder, name), join(dir, 'images', 'default', name));
    const { api } = await startWithHook({ cacheDir: dir }, bucket);
    expect((await api.get(imageUrl(PRIVATE))).status).toBe(403);
    expect((await api.get(`${imageUrl(PRIVATE)}&w=32`)).status).toBe(403);
    await api.get(`/exists?url=${encodeURIComponent(PRIVATE)}`);
    await api.post('/lookup', { s3_urls: [PRIVATE] });
    await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: PRIVATE }] });
    expect(await api.images.cache.stats()).toMatchObject({ total_entries: 0 });
    const mine = await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: PRIVATE }] }, owner);
    expect(await mine.json()).toMatchObject({ cached: 1 }); // that may
  });

  it('gets no entry from a prefetch if the hook refuses the entry', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket, { authorize: (_, image) => !('sha256' in image) });
    const answer = await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: 's3://photos/a.jpg' }] });
    const { results } = (await answer.json()) as PrefetchAnswer;
    expect(results).toMatchObject([{ status: 'failed', error: { code: 'NOT_AUTHORIZED' } }]);
    expect(JSON.stringify(results)).not.toContain('local_path');
  });

  it('cannot see from the ids of events how many were not shown', () => {
    const log = new EventLog();
    for (let n = 1; n <= 300; n += 1) log.changed({ type: 'stored', entry: entryOf(n) }, []);
    const ids = [298, 299, 300].map((number) => log.idOf(number));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).not.toMatch(/300|299|298/);
    expect(ids.map((id) => log.numberOf(id))).toEqual([298, 299, 300]);
    expect(log.numberOf(log.idOf(1)), 'it is forgotten').toBeUndefined();
    expect(log.numberOf(new EventLog().idOf(0))).toBeUndefined();
  });
});
