import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LookupAnswer, Manifest, PrefetchAnswer, PrefetchLine } from '../../plugin/protocol.ts';
import { LongJson } from '../../plugin/http/longJson.ts';
import { jpeg } from '../helpers/images.ts';
import { type Api, startApi, startBucket } from '../helpers/stack.ts';

async function start(options: Parameters<typeof startApi>[1] = {}) {
  const bucket = await startBucket();
  for (const n of [1, 2]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
  return startApi(bucket, { durability: 'process', ...options });
}

const image = (n: number) => `s3://photos/${n}.jpg`;

async function prefetch(api: Api, actor_id: string, ...urls: string[]): Promise<PrefetchAnswer> {
  const images = urls.map((s3_url) => ({ s3_url }));
  return (await (await api.post('/prefetch', { actor_id, images })).json()) as PrefetchAnswer;
}

async function entriesOf(api: Api) {
  return Object.values(((await (await api.get('/manifest')).json()) as Manifest).entries);
}

const lookup = async (api: Api, urls: string[]) => (await (await api.post('/lookup', { urls })).json()) as LookupAnswer;

describe('S5: many actors of one image', () => {
  it('are recorded up to 64; the image is served to all of them', async () => {
    const api = await start();
    for (let n = 0; n < 70; n += 1) {
      const { results } = await prefetch(api, `actor-${n}`, image(1));
      expect(results[0]?.status).toBe(n === 0 ? 'downloaded' : 'cached');
    }
    const [entry] = await entriesOf(api);
    expect(entry?.actor_ids).toHaveLength(64);
    expect(await (await api.post('/clear/actor-69')).json()).toMatchObject({ cleared: 0 });
    for (let n = 0; n < 64; n += 1) await api.post(`/clear/actor-${n}`);
    expect(await entriesOf(api)).toEqual([]);
  });

  it('make room for another one when one of them is cleared', async () => {
    const api = await start();
    for (let n = 0; n < 65; n += 1) await prefetch(api, `actor-${n}`, image(1));
    await api.post('/clear/actor-0');
    await prefetch(api, 'late', image(1));
    expect((await entriesOf(api))[0]?.actor_ids).toHaveLength(64);
    expect((await entriesOf(api))[0]?.actor_ids).toContain('late');
  });

  it('are replaced by an actor whose images are pinned', async () => {
    const api = await start();
    await api.post('/pin', { actor_id: 'pinned' });
    for (let n = 0; n < 64; n += 1) await prefetch(api, `actor-${n}`, image(1));
    await prefetch(api, 'pinned', image(1));
    await prefetch(api, 'late', image(1));
    const [entry] = await entriesOf(api);
    expect(entry).toMatchObject({ pinned: true, actor_id: 'actor-0' });
    expect(entry?.actor_ids).toHaveLength(64);
    expect(entry?.actor_ids).toEqual(expect.arrayContaining(['actor-0', 'actor-62', 'pinned']));
    // As before, clearing forgets the pin, and the image once no recorded actor is left.
    for (let n = 0; n < 63; n += 1) await api.post(`/clear/actor-${n}`);
    expect(await entriesOf(api)).toMatchObject([{ actor_id: 'pinned' }]);
    await api.post('/clear/pinned');
    expect(await entriesOf(api)).toEqual([]);
  });

  it('are not named in answers to pages, and not in events', async () => {
    const api = await start();
    await prefetch(api, 'first', image(1));
    const seen: unknown[] = [];
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const events = await fetch(`${api.base}/events`, { signal: abort.signal });
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    seen.push(await prefetch(api, 'second', image(1)), await lookup(api, [image(1)]));
    const body = { actor_id: 'third', images: [{ s3_url: image(1) }] };
    seen.push(await (await api.post('/prefetch', body, { Accept: 'application/x-ndjson' })).text());
    api.images.cache.watch({ changed: (event) => seen.push(event), closed: () => undefined })();
    await prefetch(api, 'fourth', image(2));
    let text = '';
    while (!text.includes('2.jpg')) text += (await reader?.read())?.value ?? '';
    seen.push(text);
    expect(JSON.stringify(seen)).not.toContain('actor_ids');
    expect((await entriesOf(api)).find(({ filename }) => filename === '1.jpg')?.actor_ids).toHaveLength(3);
  });
});

describe('S5: an object that a lookup names often', () => {
  it('has its entry once; its other URLs refer to that', async () => {
    const api = await start();
    await prefetch(api, '1', image(1), image(2));
    const signed = Array.from({ length: 100 }, (_, n) => `${image(1)}?X-Amz-Signature=${n}`);
    const urls = [image(2), ...signed, 's3://photos/none.jpg', image(2)];
    const { entries, same_as = {} } = await lookup(api, urls);
    expect(Object.keys(entries)).toEqual([image(2), signed[0], 's3://photos/none.jpg']);
    expect(entries['s3://photos/none.jpg']).toBeNull();
    expect(Object.keys(same_as)).toEqual(signed.slice(1));
    expect(new Set(Object.values(same_as))).toEqual(new Set([1]));
  });

  it('an answer about each object once has no `same_as`', async () => {
    const api = await start();
    await prefetch(api, '1', image(1));
    expect(Object.keys(await lookup(api, [image(1), image(2)]))).toEqual(['entries']);
  });

  it('is checked once by `authorize`; if refused, it looks as if it were not cached, by each of its URLs', async () => {
    let asked = 0;
    const api = await start({ authorize: (request) => (asked++, request.headers['x-user'] === 'a') });
    await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: image(1) }] }, { 'X-User': 'a' });
    asked = 0;
    const urls = Array.from({ length: 50 }, (_, n) => `${image(1)}?X-Amz-Signature=${n}`);
    const { entries, same_as } = await lookup(api, urls);
    expect([Object.values(entries), same_as, asked]).toEqual([urls.map(() => null), undefined, 1]);
  });

  it('names such as __proto__ are treated like any other invalid URL', async () => {
    const { entries } = await lookup(await start(), ['__proto__', 'constructor']);
    expect(Object.keys(entries)).toEqual(['__proto__', 'constructor']);
  });
});

describe('S5: an object that a prefetch names often', () => {
  const images = [
    image(2),
    ...Array.from({ length: 50 }, (_, n) => `${image(1)}?X-Amz-Signature=${n}`),
    image(2),
    image(3),
  ];

  it('has its entry once; its other results refer to that', async () => {
    const api = await start();
    const { results, downloaded, failed } = await prefetch(api, '1', ...images);
    expect([downloaded, failed]).toEqual([52, 1]);
    expect(results.map((result) => ('same_as' in result ? result.same_as : 'entry' in result))).toEqual([
      true,
      true,
      ...Array.from({ length: 49 }, () => 1),
      0,
      false,
    ]);
    expect(results[2]).toEqual({ s3_url: expect.stringContaining('1.jpg'), status: 'downloaded', same_as: 1 });
  });

  it('has its entry once in lines, too, in the first of them', async () => {
    const api = await start();
    const body = { actor_id: '1', images: images.map((s3_url) => ({ s3_url })), priority: 'visible' };
    const text = await (await api.post('/prefetch', body, { Accept: 'application/x-ndjson' })).text();
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PrefetchLine);
    const told = new Set<number>();
    for (const line of lines) {
      if ('same_as' in line) expect(told).toContain(line.same_as);
      else if ('entry' in line) told.add(line.index);
    }
    expect([lines.length, told.size]).toEqual([54, 2]);
  });

  it('does not make a long answer, whatever its entry and its fields are', async () => {
    const api = await start();
    const filename = 'é'.repeat(1_024);
    const named = Array.from({ length: 2000 }, (_, n) => ({ s3_url: image(1), filename, meta: { n } }));
    const answer = await api.post('/prefetch', { actor_id: '1', images: named }, { Accept: 'application/x-ndjson' });
    expect((await answer.text()).length).toBeLessThan(400_000);
  }, 30_000);
});

describe('S5, S13: a long list', () => {
  it('is answered up to a length, without blocking the event loop', async () => {
    const api = await start();
    const urls = Array.from({ length: 10_000 }, (_, n) => `https://evil.example/${n}.jpg`);
    let turns = 0;
    const over = new AbortController();
    const watch = async () => {
      for (; !over.signal.aborted; turns += 1) await turn();
    };
    const watching = watch();
    const found = await api.images.cache.lookup(urls);
    over.abort();
    await watching;
    expect(found).toHaveLength(10_000);
    expect(turns).toBeGreaterThan(2);
  });

  it('of one image has a short answer', async () => {
    const api = await start();
    const meta = { text: 'x'.repeat(1_900) };
    await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: image(1), filename: 'é'.repeat(1_024), meta }] });
    const images = Array.from({ length: 10_000 }, () => ({ s3_url: image(1) }));
    const answer = await api.post('/prefetch', { actor_id: '1', images });
    expect([answer.status, (await answer.text()).length < 1_500_000]).toEqual([200, true]);
  }, 30_000);

  it('is refused with a hint if the answer would be too long', async () => {
    const json = new LongJson();
    const entries = Array.from({ length: 10_000 }, () => 'x'.repeat(4000));
    await expect(json.addList(entries, (entry) => entry)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      status: 413,
      hint: expect.stringContaining('fewer images'),
    });
  });

  it.each([
    ['/lookup', { urls: Array.from({ length: 10_001 }, () => 7) }, 'at most 10000 URLs'],
    ['/prefetch', { actor_id: '1', images: Array.from({ length: 10_001 }, () => ({})) }, 'at most 10000 images'],
  ])('of %s is refused by its length before its elements are checked', async (path, body, detail) => {
    const answer = await (await start()).post(path, body);
    expect(await answer.json()).toMatchObject({ code: 'INVALID_BODY', detail: expect.stringContaining(detail) });
  });
});
