import { describe, expect, it } from 'vitest';
import type { LookupAnswer, Manifest, PrefetchAnswer, Problem } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { type Api, type Bucket, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const KEY = '0001/a.jpg';
const META = { style: 'noir', title: 'Überfall', prompt: 'a street at night', model: { name: 'v3', seed: 7 } };

async function start(): Promise<{ bucket: Bucket; api: Api; prefetch: (meta?: unknown) => Promise<PrefetchAnswer> }> {
  const bucket = await startBucket();
  bucket.server.put('photos', KEY, await jpeg(1));
  const api = await startApi(bucket);
  const prefetch = async (meta?: unknown) => {
    const s3_url = await bucket.presign(KEY);
    const answer = await api.post('/prefetch', { actor_id: '0001', images: [{ s3_url, meta }] });
    return (await answer.json()) as PrefetchAnswer;
  };
  return { bucket, api, prefetch };
}

const entryOf = ({ results }: PrefetchAnswer) => {
  const [result] = results;
  return result && 'entry' in result ? result.entry : undefined;
};

describe('seed 003: an app’s own fields about an image', () => {
  it('are given to a prefetch, and are in its answer, in the look-up and in the manifest', async () => {
    const { bucket, api, prefetch } = await start();
    const entry = entryOf(await prefetch(META));
    expect(entry?.meta).toEqual(META);

    const url = await bucket.presign(KEY, 5);
    const lookup = (await (await api.post('/lookup', { urls: [url] })).json()) as LookupAnswer;
    expect(lookup.entries[url]?.meta).toEqual(META);
    const manifest = await api.images.cache.manifest();
    expect((JSON.parse(await textOf(manifest)) as Manifest).entries[entry?.s3_url ?? '']?.meta).toEqual(META);
  });

  it('are added to an image that is cached already, without a download', async () => {
    const { bucket, api, prefetch } = await start();
    await (await api.get(imageUrl(await bucket.presign(KEY)))).arrayBuffer();
    const events: string[] = [];
    api.images.cache.onEvent(({ type }) => events.push(type));
    expect((await prefetch(META)).cached).toBe(1);
    expect(bucket.server.stats.gets).toBe(1);
    expect(events).toEqual(['stored']);
  });

  it('stay if a later prefetch has none, are replaced as a whole, and are removed by {}', async () => {
    const { prefetch } = await start();
    await prefetch(META);
    expect(entryOf(await prefetch())?.meta).toEqual(META);
    expect(entryOf(await prefetch({ style: 'day' }))?.meta).toEqual({ style: 'day' });
    expect(entryOf(await prefetch({}))).not.toHaveProperty('meta');
  });

  it('survive a change of the object, a pin and a restart, and are removed with the entry', async () => {
    const { bucket, api, prefetch } = await start();
    await prefetch(META);
    bucket.server.put('photos', KEY, await jpeg(2));
    const url = await bucket.presign(KEY);
    await (await api.get(`${imageUrl(url)}&revalidate=true`)).arrayBuffer();
    await api.images.cache.pin({ s3_url: url });
    expect((await api.images.cache.find(url))?.meta).toEqual(META);

    await api.images.close();
    const again = await startApi(bucket, { cacheDir: api.dir });
    expect(await again.images.cache.find(url)).toMatchObject({ meta: META, pinned: true });
    await again.images.cache.invalidate(url);
    await (await again.get(imageUrl(url))).arrayBuffer();
    expect(await again.images.cache.find(url)).not.toHaveProperty('meta');
  });

  it.each([
    ['a text', 'noir'],
    ['a list', ['noir']],
    ['null', null],
    ['more than 2,048 bytes', { prompt: 'x'.repeat(2048) }],
    ['more than 2,048 bytes of UTF-8', { prompt: 'ü'.repeat(1100) }],
  ])('are refused by name when they are %s', async (_, meta) => {
    const { bucket, api } = await start();
    const s3_url = await bucket.presign(KEY);
    const answer = await api.post('/prefetch', { actor_id: '0001', images: [{ s3_url, meta }] });
    expect(answer.status).toBe(400);
    const problem = (await answer.json()) as Problem;
    expect(problem.code).toBe('INVALID_BODY');
    expect(problem.detail).toContain('meta');
    expect(bucket.server.stats.gets).toBe(0);
  });

  it('are refused if they are nested too deeply to be written again, and change no prototype', async () => {
    const { bucket, api, prefetch } = await start();
    const s3_url = JSON.stringify(await bucket.presign(KEY));
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const body = `{"actor_id":"1","images":[{"s3_url":${s3_url},"meta":{"a":${deep}}}]}`;
    const headers = { 'Content-Type': 'application/json' };
    expect((await fetch(`${api.base}/prefetch`, { method: 'POST', headers, body })).status).toBe(400);

    const entry = entryOf(await prefetch(JSON.parse('{"__proto__":{"polluted":true}}')));
    expect(JSON.stringify(entry?.meta)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}
