import { existsSync, readFileSync } from 'node:fs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { INSPECTOR_ROUTES } from '../../plugin/http/apis.ts';
import type { EntriesAnswer, EntryAnswer, LiveAnswer, ProblemsAnswer } from '../../plugin/inspectorProtocol.ts';
import type { ImageTiming } from '../../plugin/timeline.ts';
import { VERSION } from '../../plugin/version.ts';
import { jpeg } from '../helpers/images.ts';
import { startInspector } from '../helpers/inspector.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

it('the version is the one of package.json', () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(manifest) as { version: string }).version).toBe(VERSION);
});

async function withImages(...keys: string[]) {
  const bucket = await startBucket();
  for (const [n, key] of keys.entries()) bucket.server.put('photos', key, await jpeg(n));
  const server = await startInspector(bucket);
  const show = async (key: string) => (await server.get(imageUrl(await bucket.presign(key)))).arrayBuffer();
  return { ...server, bucket, show };
}

describe('GET /live', () => {
  it('tells what has happened since the last question: a miss with its reason, and then hits', async () => {
    const { ask, show } = await withImages('a.jpg');
    const before = await ask<LiveAnswer>('/live');
    await show('a.jpg');
    const after = await ask<LiveAnswer>(`/live?since=${before.seq}`);
    expect(after.activity).toMatchObject([{ outcome: 'MISS', tier: 's3', reason: 'first_seen', actor_id: 'default' }]);
    expect(after.activity[0]?.duration_ms).toBeGreaterThan(0);
    await show('a.jpg');
    expect((await ask<LiveAnswer>(`/live?since=${after.seq}`)).activity).toMatchObject([
      { outcome: 'HIT', tier: 'memory' },
    ]);
    expect(after).toMatchObject({ version: VERSION, instance: before.instance, dropped: 0, problems: 0 });
    expect(after.stats).toMatchObject({ total_entries: 1, misses: 1 });
    expect(after.stats).not.toHaveProperty('actors');
  });

  it('I11: looking creates no directory', async () => {
    const { ask, dir } = await withImages();
    expect(await ask('/live')).toMatchObject({ stats: { total_entries: 0, cache_id: '' }, activity: [] });
    expect(await ask('/entries')).toMatchObject({ total: 0, entries: [] });
    expect(existsSync(dir)).toBe(false);
  });

  it('what was prefetched, and what has failed, stand in it as well', async () => {
    const { cache, ask, bucket } = await withImages('a.jpg');
    await cache.prefetch({ s3_url: await bucket.presign('a.jpg') }, '0001');
    await cache.prefetch({ s3_url: await bucket.presign('none.jpg') }, '0001');
    const { activity, problems } = await ask<LiveAnswer>('/live');
    expect(activity).toMatchObject([
      { outcome: 'PREFETCHED', actor_id: '0001' },
      { outcome: 'FAILED', code: 'UPSTREAM_NOT_FOUND', hint: expect.any(String) },
    ]);
    expect(problems).toBe(1);
  });
});

it('GET /entries has the images of the manifest, without the other actors', async () => {
  const { ask, show, cache, bucket } = await withImages('b.jpg', 'a.jpg');
  await show('b.jpg');
  await show('a.jpg');
  await cache.prefetch({ s3_url: await bucket.presign('a.jpg') }, '0002');
  const answer = await ask<EntriesAnswer>('/entries?order=name');
  expect(answer).toMatchObject({ total: 2, matched: 2, reachable: 2, page: 0 });
  expect(answer.entries).toMatchObject([
    { filename: 'a.jpg', in_memory: true, is_stale: false, other_actors: 1 },
    { filename: 'b.jpg', other_actors: 0 },
  ]);
  expect(answer.entries[0]).not.toHaveProperty('actor_ids');
  expect(await ask('/entries?actor=0002')).toMatchObject({ matched: 1 });
  expect(await ask('/actors?text=00')).toMatchObject({ total: 1, actors: [{ actor_id: '0002', entries: 1 }] });
});

it.each(['/live?since=x', '/entries?kind=x', '/entries?page=-1', '/entries?order=', '/entries?nothing=1'])(
  '%s is refused, as 400',
  async (path) => {
    const { base } = await withImages();
    expect((await fetch(`${base}/inspect${path}`)).status).toBe(400);
  },
);

it('GET /problems groups failures by their cause, with the line of configuration that cures it', async () => {
  const { ask, get } = await withImages();
  for (const key of ['a', 'b', 'a']) {
    await get(imageUrl(`https://other-bucket.s3.amazonaws.com/${key}.jpg?X-Amz-Signature=0123456789abcdef`));
  }
  const { problems } = await ask<ProblemsAnswer>('/problems');
  expect(problems).toMatchObject([{ code: 'HOST_NOT_ALLOWED', count: 3, fix: "buckets: ['other-bucket']" }]);
  expect(problems[0]?.s3_urls).toEqual(['a', 'b'].map((key) => `https://other-bucket.s3.amazonaws.com/${key}.jpg`));
});

it.each([
  ['a wrong region', { region: 'eu-west-1' }, 'a.jpg', "region: 'us-east-1'"],
  ['an SVG', {}, 'a.svg', 'allowSvg: true'],
])('the line that cures %s', async (_, wrong, key, fix) => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  bucket.server.put('photos', 'a.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'));
  const { ask, get } = await startInspector(bucket, { buckets: [{ ...bucket.option, ...wrong }] });
  await get(imageUrl(`s3://photos/${key}`));
  expect((await ask<ProblemsAnswer>('/problems')).problems).toMatchObject([{ fix, count: 1 }]);
});

describe('the reason of a miss', () => {
  it('is in the log, in the same words, and on the channel', async () => {
    const timings: ImageTiming[] = [];
    const listen = (timing: unknown) => void timings.push(timing as ImageTiming); // nothing else is published there
    subscribe('vite-plugin-image-cache:image', listen);
    onTestFinished(() => void unsubscribe('vite-plugin-image-cache:image', listen));
    const { cache, show, lines } = await withImages('a.jpg');
    await show('a.jpg');
    await cache.clear();
    await show('a.jpg');
    expect(lines.filter((line) => line.startsWith('MISS'))).toMatchObject([
      expect.stringMatching(/^MISS \(first seen\) default\//),
      expect.stringMatching(/^MISS \(cleared just now\) default\//),
    ]);
    expect(timings.map(({ reason }) => reason)).toEqual(['first_seen', 'cleared']);
  });
});

describe('who may ask', () => {
  const paths = INSPECTOR_ROUTES.map(({ method, path }) => [method, path] as const);

  it.each(paths)('I2: no page of another site: %s %s', async (method, path) => {
    const { base } = await withImages();
    for (const prefix of ['', '/inspect']) {
      const headers = { 'Sec-Fetch-Site': 'cross-site' };
      const answer = await fetch(base + prefix + path, { method, headers });
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'FORBIDDEN_ORIGIN' }]);
    }
  });

  it.each(paths)('I3: no rebound host, and no machine behind a tunnel: %s %s', async (method, path) => {
    const { base } = await withImages();
    const answer = await fetch(`${base}/inspect${path}`, { method, headers: { 'X-Forwarded-For': '203.0.113.7' } });
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'MANAGEMENT_CLOSED' }]);
  });

  it('the router of a server of your own has none of it', async () => {
    const api = await startApi(await startBucket());
    for (const [, path] of paths) expect((await api.get(path)).status).toBe(404);
  });
});

it('I7: no answer has a signature', async () => {
  const { ask, show, cache, bucket } = await withImages('a.jpg');
  await show('a.jpg');
  await show('missing.jpg');
  await cache.prefetch({ s3_url: await bucket.presign('missing.jpg') }, 'a');
  const answers = await Promise.all(['/live', '/entries', '/actors', '/problems'].map((path) => ask<unknown>(path)));
  expect(JSON.stringify(answers)).not.toMatch(/X-Amz|Signature/i);
});

describe('what else the page asks', () => {
  it('GET /entry: a picture that is not shown, from its URL to the cause', async () => {
    const { ask, show } = await withImages();
    await show('none.jpg');
    const { activity } = await ask<LiveAnswer>('/live');
    const url = encodeURIComponent(activity[0]?.s3_url ?? '');
    const answer = await ask<EntryAnswer>(`/entry?url=${url}`);
    expect(answer).toMatchObject({ entry: null, reason: 'first_seen', story: [{ what: 'failed' }] });
    expect(answer.story[0]?.text).toMatch(/^UPSTREAM_NOT_FOUND: /);
  });

  it('GET /entry: an image by what a page knows of it, its path or the reference of an upload', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const { ask, base, get } = await startInspector(bucket, { uploads: { bucket: 'photos' } });
    await (await get(imageUrl(await bucket.presign('a.jpg')))).arrayBuffer();
    const { entries } = await ask<EntriesAnswer>('/entries');
    const byPath = await ask<EntryAnswer>(`/entry?path=${encodeURIComponent(entries[0]?.local_path ?? '')}`);
    expect(byPath.s3_url).toBe(entries[0]?.s3_url);
    const id = 'ab'.repeat(16);
    const upload = await ask<EntryAnswer>(`/entry?path=i/${id}.jpg`);
    expect(upload).toMatchObject({ s3_url: expect.stringContaining(`/photos/uploads/ab/${id}.jpg`), entry: null });
    expect((await fetch(`${base}/inspect/entry?path=nothing`)).status).toBe(404);
    expect((await fetch(`${base}/inspect/entry?path=a&url=b`)).status).toBe(400);
  });

  it('GET /thumb: a picture that may be kept for ever, by nobody else', async () => {
    const { ask, base, show } = await withImages('a.jpg');
    await show('a.jpg');
    const { entries } = await ask<EntriesAnswer>('/entries');
    const path = encodeURIComponent(entries[0]?.local_path ?? '');
    const thumb = await fetch(`${base}/inspect/thumb?path=${path}`);
    expect([thumb.status, thumb.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(thumb.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(thumb.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${base}/inspect/thumb?path=nothing`)).status).toBe(404);
    expect((await ask<LiveAnswer>('/live')).stats.hits).toEqual({ memory: 0, disk: 0 });
  });

  it('GET /queue, /history and /storage', async () => {
    const { ask, show } = await withImages('a.jpg');
    await show('a.jpg');
    expect(await ask('/queue')).toMatchObject({ running: [], waiting: [], limit: { visible: 16, changes: [] } });
    expect(await ask('/history?span=1h')).toMatchObject({ span: '1h', points: [{ misses: 1 }] });
    expect(await ask('/storage')).toMatchObject({
      originals: { count: 1 },
      has_sharp: true,
      processes: [{ is_this: true }],
    });
  });

  it('GET /check, as one answer and as lines', async () => {
    const { ask, base, show } = await withImages('a.jpg');
    await show('a.jpg');
    expect(await ask('/check')).toMatchObject({ done: true, checked: 1, problem_count: 0 });
    const lines = await (await fetch(`${base}/inspect/check`, { headers: { Accept: 'application/x-ndjson' } })).text();
    expect(JSON.parse(lines.trim().split('\n').at(-1) ?? '')).toMatchObject({ done: true, checked: 1 });
  });

  it('POST /refetch and /ask, with a signature that has expired: nothing is lost', async () => {
    const { tell, show, bucket, cache } = await withImages('a.jpg');
    await show('a.jpg');
    const url = await bucket.presign('a.jpg');
    expect(await tell('/refetch', { s3_url: url })).toMatchObject({ status: 'unchanged' });
    bucket.server.put('photos', 'a.jpg', await jpeg(99));
    expect(await tell('/ask', { s3_urls: [url, await bucket.presign('none.jpg')] })).toMatchObject({
      objects: [{ state: 'changed' }, { state: 'absent' }],
    });
    expect(await tell('/refetch', { s3_url: await bucket.presign('a.jpg', 1000) })).toMatchObject({
      code: 'UPSTREAM_EXPIRED',
    });
    expect((await cache.stats()).total_entries).toBe(1);
    expect(await tell('/refetch', { s3_url: await bucket.presign('a.jpg') })).toMatchObject({ status: 'replaced' });
  });
});
