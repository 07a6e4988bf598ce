import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LiveAnswer, SimulationAnswer, SimulationRequest } from '../../../plugin/inspectorProtocol.ts';
import type { LookupAnswer, PrefetchAnswer, Problem } from '../../../plugin/protocol.ts';
import { PRESETS } from '../../../plugin/http/simulation/presets.ts';
import { jpeg } from '../../helpers/images.ts';
import { startInspector } from '../../helpers/inspector.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../../helpers/stack.ts';
import { http2Session } from '../http2Session.ts';

/** Two images in the bucket, of which one is cached, and one in the bucket alone. */
async function start() {
  const bucket = await startBucket();
  const bytes = await jpeg(1);
  for (const key of ['cached.jpg', 'other.jpg']) bucket.server.put('photos', key, bytes);
  const server = await startInspector(bucket, { images: { placeholder: false } }); // it would be made later
  const urls = { cached: await bucket.presign('cached.jpg'), other: await bucket.presign('other.jpg') };
  await (await server.get(imageUrl(urls.cached))).arrayBuffer();
  const path = (await server.cache.find(urls.cached))?.local_path ?? '';
  const json = { 'Content-Type': 'application/json' };
  const ask = (method: string, to: string, body?: object): Promise<Response> =>
    fetch(server.base + to, { method, ...(body && { headers: json, body: JSON.stringify(body) }) });
  return {
    ...server,
    bucket,
    bytes,
    urls,
    path,
    simulate: async (request: SimulationRequest) =>
      (await (await ask('PUT', '/simulate', request)).json()) as SimulationAnswer & Problem,
    end: async () => (await (await ask('DELETE', '/simulate')).json()) as SimulationAnswer,
    prefetch: async (...s3_urls: string[]) => {
      const images = s3_urls.map((s3_url) => ({ s3_url }));
      const answer = await ask('POST', '/prefetch', { actor_id: '0001', images, priority: 'visible' });
      return { answer, ...((await answer.json()) as PrefetchAnswer) };
    },
    lookup: async (...asked: string[]) => {
      const answer = await ask('POST', '/lookup', { urls: asked });
      return { answer, ...((await answer.json()) as LookupAnswer) };
    },
  };
}

/** An answer, or what became of it. */
async function outcome(asked: Promise<Response>) {
  const answer = await asked;
  const header = answer.headers.get('x-image-cache-simulated');
  const kept = answer.headers.get('cache-control');
  const body = await answer.arrayBuffer().then(Buffer.from, () => 'broken' as const);
  const isProblem = answer.headers.get('content-type')?.includes('problem') === true;
  const code = isProblem && body !== 'broken' ? (JSON.parse(body.toString()) as Problem).code : undefined;
  return { status: answer.status, header, kept, body, code, answer };
}

describe('PUT, GET and DELETE /simulate', () => {
  it('begin, show and end a simulation, below the API and below the inspector', async () => {
    const { simulate, end, ask, lines } = await start();
    expect(await ask<SimulationAnswer>('/simulate')).toEqual({ simulation: null, presets: PRESETS });
    expect(await ask<LiveAnswer>('/live')).toMatchObject({ simulation: null });
    const { simulation } = await simulate({ preset: 'not-found', match: 'cached' });
    expect(simulation).toMatchObject({
      preset: 'not-found',
      fail: 'UPSTREAM_NOT_FOUND',
      match: 'cached',
      held: 0,
    });
    expect(await ask<LiveAnswer>('/live')).toMatchObject({ simulation });
    expect((await end()).simulation).toBeNull();
    expect(await ask<LiveAnswer>('/live')).toMatchObject({ simulation: null });
    expect(lines.filter((line) => line.startsWith('Simulation'))).toEqual([
      expect.stringContaining('fail with UPSTREAM_NOT_FOUND'),
      expect.stringContaining('ended'),
    ]);
    const wrong: object = { fail: 'INTERNAL' };
    expect(await simulate(wrong)).toMatchObject({ status: 400, code: 'INVALID_BODY' });
    expect(await ask<SimulationAnswer>('/simulate')).toMatchObject({ simulation: null });
  });

  it('a page of another site may not', async () => {
    const { base } = await start();
    for (const method of ['PUT', 'DELETE']) {
      const answer = await fetch(`${base}/simulate`, { method, headers: { 'Sec-Fetch-Site': 'cross-site' } });
      expect(answer.status).toBe(403);
    }
  });
});

describe('what images answer', () => {
  it('fail: also those that are cached; the browser keeps nothing of it', async () => {
    const { simulate, end, get, urls, path, bytes, prefetch } = await start();
    await simulate({ fail: 'UPSTREAM_NOT_FOUND' });
    for (const asked of [imageUrl(urls.cached), imageUrl(urls.other), imagePath(path)]) {
      const { status, header, kept, code, answer } = await outcome(get(asked));
      expect({ status, header, kept, code }).toEqual({
        status: 404,
        header: 'fail=UPSTREAM_NOT_FOUND',
        kept: 'no-store',
        code: 'UPSTREAM_NOT_FOUND',
      });
      expect(answer.headers.get('server-timing')).toBe('simulated;desc="fail=UPSTREAM_NOT_FOUND"');
    }
    const { answer, results } = await prefetch(urls.cached, urls.other);
    expect(answer.headers.get('x-image-cache-simulated')).toBe('fail=UPSTREAM_NOT_FOUND');
    expect(results.map((result) => result.status === 'failed' && result.error.code)).toEqual([
      'UPSTREAM_NOT_FOUND',
      'UPSTREAM_NOT_FOUND',
    ]);
    await end();
    const after = await outcome(get(imagePath(path)));
    expect([after.status, after.header, after.body]).toEqual([200, null, bytes]);
    expect(after.kept).toContain('immutable');
  });

  it.each([
    ['offline', 'UPSTREAM_UNREACHABLE', 502],
    ['busy', 'UPSTREAM_THROTTLED', 503],
    ['expired', 'UPSTREAM_EXPIRED', 403],
  ] as const)('%s: what is cached is served as usual, and all else fails', async (preset, code, status) => {
    const { simulate, get, urls, path, bytes, prefetch } = await start();
    await simulate({ preset });
    for (const asked of [imageUrl(urls.cached), imagePath(path)]) {
      const cached = await outcome(get(asked));
      expect([cached.status, cached.header, cached.body]).toEqual([200, null, bytes]);
    }
    const other = await outcome(get(imageUrl(urls.other)));
    expect([other.status, other.code, other.header]).toEqual([status, code, `offline=${code}`]);
    const { results } = await prefetch(urls.cached, urls.other);
    expect(results).toMatchObject([{ status: 'cached' }, { status: 'failed', error: { code } }]);
  });

  it('offline: the name of a cached image is read as ever, also with a plus that is not escaped', async () => {
    const { simulate, get, bucket, bytes, cache } = await start();
    bucket.server.put('photos', 'a+b.jpg', bytes);
    const signed = await bucket.presign('a+b.jpg');
    await (await get(imageUrl(signed))).arrayBuffer();
    const { s3_url = '' } = (await cache.find(signed)) ?? {};
    const asked = imageUrl(s3_url.replaceAll('%2B', '+')).replaceAll('%2B', '+');
    expect(asked).toContain('a+b.jpg');
    const before = await outcome(get(asked));
    await simulate({ preset: 'offline' });
    const cached = await outcome(get(asked));
    expect([before.status, cached.status, cached.header, cached.body]).toEqual([200, 200, null, bytes]);
  });

  it('cut: half of the bytes come, and then the connection breaks off', async () => {
    const { simulate, get, urls, path, bytes } = await start();
    await simulate({ preset: 'broken' });
    for (const asked of [imageUrl(urls.cached), imagePath(path)]) {
      const answer = await get(asked);
      expect(answer.headers.get('content-length')).toBe(String(bytes.length));
      let size = 0;
      await expect(async () => {
        for await (const chunk of answer.body ?? []) size += chunk.length;
      }).rejects.toThrow();
      expect(size).toBe(Math.ceil(bytes.length / 2));
    }
    expect((await outcome(get(imageUrl(urls.other)))).code).toBe('UPSTREAM_TRUNCATED');
  });

  it('delay: an image comes late, and once; the wait is no part of what is measured', async () => {
    const { simulate, get, urls, path, bytes, ask, prefetch } = await start();
    await simulate({ delay_ms: 60 });
    const timed = async (asked: string) => {
      const began = performance.now();
      const { status, header, body, kept } = await outcome(get(asked));
      expect([status, header, body, kept]).toEqual([200, 'delay=60', bytes, 'no-store']);
      return performance.now() - began;
    };
    for (const asked of [imageUrl(urls.cached), imagePath(path)]) expect(await timed(asked)).toBeGreaterThan(55);
    const began = performance.now();
    await prefetch(urls.cached);
    expect(performance.now() - began).toBeGreaterThan(55);
    expect((await outcome(get(imagePath(path)))).header).toBeNull(); // it has waited already
    expect((await outcome(get(imagePath(path)))).header).toBe('delay=60');
    const { activity } = await ask<LiveAnswer>('/live');
    for (const { duration_ms = 0, tier } of activity) if (tier !== 's3') expect(duration_ms).toBeLessThan(55);
  });

  it('cold: a cached image takes as long as a miss, and says that it is one', async () => {
    const { simulate, get, urls, path, bytes, prefetch, cache } = await start();
    vi.spyOn(cache.insight, 'missMs').mockResolvedValue(80);
    await simulate({ preset: 'cold' });
    const began = performance.now();
    const { answer, body } = await outcome(get(imagePath(path)));
    expect(performance.now() - began).toBeGreaterThan(75);
    expect([answer.headers.get('x-cache'), body]).toEqual(['MISS', bytes]);
    expect(answer.headers.get('cache-status')).toBe('image-cache; fwd=miss');
    expect((await prefetch(urls.cached)).results).toMatchObject([{ status: 'downloaded' }]);
    expect((await outcome(get(imageUrl(urls.other)))).header).toBeNull(); // a real miss
    expect(await cache.find(urls.cached)).toBeDefined();
  });

  it('a page takes cached images for missing, so that it fetches them by one call', async () => {
    const { simulate, lookup: lookUp, urls } = await start();
    const lookup = async () => {
      const { answer, entries } = await lookUp(urls.cached, urls.other);
      return { header: answer.headers.get('x-image-cache-simulated'), entry: entries[urls.cached] };
    };
    expect(await lookup()).toMatchObject({ header: null, entry: { filename: 'cached.jpg' } });
    await simulate({ hold: true });
    expect(await lookup()).toEqual({ header: 'hold', entry: null });
    await simulate({ preset: 'offline' });
    expect(await lookup()).toMatchObject({ entry: { filename: 'cached.jpg' } });
    await simulate({ hold: true, match: 'other' });
    expect(await lookup()).toMatchObject({ entry: { filename: 'cached.jpg' } });
  });

  it('hold: nothing comes before the end, and then everything does', async () => {
    const { simulate, end, get, urls, path, bytes, prefetch, ask } = await start();
    await simulate({ hold: true });
    let answered = 0;
    const asked = [get(imageUrl(urls.other)), get(imagePath(path)), prefetch(urls.cached).then(({ answer }) => answer)];
    for (const each of asked) void each.then(() => (answered += 1));
    const held = async () => (await ask<SimulationAnswer>('/simulate')).simulation?.held;
    await expect.poll(held).toBe(3);
    expect(answered).toBe(0);
    await end();
    const [other, cached, fetched] = await Promise.all(asked);
    expect([other?.status, cached?.status, fetched?.status]).toEqual([200, 200, 200]);
    expect(await other?.bytes()).toEqual(new Uint8Array(bytes));
  });

  it('only images that match are concerned; what is wrong with a request is said as usual', async () => {
    const { simulate, get, urls } = await start();
    await simulate({ fail: 'UPSTREAM_NOT_FOUND', match: 'OTHER.jpg' });
    expect((await outcome(get(imageUrl(urls.cached)))).status).toBe(200);
    expect((await outcome(get(imageUrl(urls.other)))).status).toBe(404);
    await simulate({ fail: 'UPSTREAM_NOT_FOUND' });
    for (const wrong of [
      '/image',
      '/image?url=',
      '/image?url=https%3A%2F%2Felsewhere.example%2Fa.jpg',
      '/image?path=x',
    ]) {
      const { header, code } = await outcome(get(wrong));
      expect([header, code === 'UPSTREAM_NOT_FOUND'], wrong).toEqual([null, false]);
    }
  });
});

it('over HTTP/2, images are held, late, cut and refused in the same way, and none is let through for want of connections', async () => {
  const { simulate, end, ask, urls, bytes, api } = await start();
  const session = await http2Session(api.handler);
  const get = async () => {
    const stream = session.request({ ':path': imageUrl(urls.cached) });
    let [head, size, isBroken] = [{} as Record<string, unknown>, 0, false];
    stream.on('response', (headers) => (head = headers));
    stream.on('data', (chunk: Buffer) => (size += chunk.length));
    stream.on('error', () => (isBroken = true));
    stream.end();
    await new Promise((resolve) => stream.on('close', resolve));
    return { status: head[':status'], header: head['x-image-cache-simulated'], size, isBroken };
  };
  await simulate({ delay_ms: 30 });
  expect(await get()).toEqual({ status: 200, header: 'delay=30', size: bytes.length, isBroken: false });
  await simulate({ fail: 'UPSTREAM_NOT_FOUND' });
  expect(await get()).toMatchObject({ status: 404, header: 'fail=UPSTREAM_NOT_FOUND' });
  await simulate({ cut: true });
  expect(await get()).toEqual({ status: 200, header: 'cut', size: Math.ceil(bytes.length / 2), isBroken: true });
  await simulate({ hold: true });
  const asks = Array.from({ length: 20 }, get);
  await expect.poll(async () => (await ask<SimulationAnswer>('/simulate')).simulation?.held).toBe(20);
  await end();
  for (const { status, size } of await Promise.all(asks)) expect([status, size]).toEqual([200, bytes.length]);
});

it('I33: nothing of it is in the cache, the journal, the history, the measures, the activity, the back-off or the warnings', async () => {
  const { simulate, end, get, base, urls, path, prefetch, ask, dir, lines, bucket, cache } = await start();
  // Without the journal, which is folded at times of its own, by temporary files: `revision` counts its changes.
  const filesOf = () =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((file) => !/journal|tmp|manifest\.json$/.test(file))
      .map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]);
  const look = async () => {
    const { stats, seq, problems, revision } = await ask<LiveAnswer>('/live');
    return {
      stats,
      seq,
      problems,
      revision,
      files: filesOf(),
      history: await ask('/history?span=1h'),
      queue: { ...(await ask<object>('/queue')), now: 0 },
      metrics: (await (await get('/metrics')).text())
        .split('\n')
        .filter((line) => /errors|requests|downloads/.test(line)),
      entry: await cache.find(urls.cached),
      requests: bucket.server.stats.gets,
    };
  };
  const before = await look();
  const logged = lines.length;
  const failing = PRESETS.filter(({ name }) => name !== 'slow' && name !== 'cold').map(({ effects }) => effects);
  for (const effects of [...failing, { fail: 'OVERLOADED' } as const, { fail: 'CACHE_CORRUPT' } as const]) {
    await simulate(effects);
    const left = new AbortController();
    // Offline, a cached image is served as usual, and counts.
    const asked = [imageUrl(urls.other), ...('offline' in effects ? [] : [imageUrl(urls.cached), imagePath(path)])];
    const asks = asked.map((each) => outcome(fetch(base + each, { signal: left.signal })).catch(() => undefined));
    if ('hold' in effects) {
      await expect.poll(async () => (await ask<SimulationAnswer>('/simulate')).simulation?.held).toBe(asks.length);
      left.abort();
      await expect.poll(async () => (await ask<SimulationAnswer>('/simulate')).simulation?.held).toBe(0);
    } else await prefetch(urls.other);
    await Promise.all(asks);
  }
  await end();
  expect(await look()).toEqual(before);
  expect(lines.slice(logged).filter((line) => !line.startsWith('Simulation'))).toEqual([]);
});

it('I34: it is never written down: after a restart, or the end of the process, there is none', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const first = await startInspector(bucket);
  const url = imageUrl(await bucket.presign('a.jpg'));
  await (await first.get(url)).arrayBuffer();
  const before = readdirSync(first.dir).toSorted();
  await fetch(`${first.base}/simulate`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ fail: 'UPSTREAM_NOT_FOUND' }),
  });
  expect((await first.get(url)).status).toBe(404);
  expect(readdirSync(first.dir).toSorted()).toEqual(before);
  // As after `kill -9`: the first one is not closed.
  const second = await startInspector(bucket, { cacheDir: first.dir });
  expect((await second.get(url)).status).toBe(200);
  expect(await second.ask('/simulate')).toMatchObject({ simulation: null });
});

it('I35: of many requests a hundred are held at most, the others are answered as usual, and it closes at once', async () => {
  const { simulate, ask, base, path, api } = await start();
  await simulate({ delay_ms: 60_000 });
  let served = 0;
  const left = new AbortController();
  const asks = Array.from({ length: 250 }, () =>
    fetch(base + imagePath(path), { signal: left.signal })
      .then(async (answer) => {
        await answer.arrayBuffer();
        if (answer.headers.get('x-image-cache-simulated') === null) served += 1;
      })
      .catch(() => undefined),
  );
  await expect.poll(() => served).toBe(150);
  expect((await ask<SimulationAnswer>('/simulate')).simulation?.held).toBe(100);
  const began = performance.now();
  api.simulation?.end();
  await Promise.all(asks);
  await api.close();
  expect(performance.now() - began).toBeLessThan(1000);
  expect(served).toBe(250);
});

it('I36: in a server of your own there is no such call, whatever is sent', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const api = await startApi(bucket);
  const inspector = api.images.inspector({ authorize: () => true });
  const url = imageUrl(await bucket.presign('a.jpg'));
  const mounted = createServer((request, response) => inspector(request, response, () => response.end()));
  await new Promise<void>((resolve) => mounted.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void mounted.close());
  const { port } = mounted.address() as AddressInfo; // it listens on TCP
  const body = JSON.stringify({ fail: 'UPSTREAM_NOT_FOUND' });
  const headers = { 'Content-Type': 'application/json', 'X-Image-Cache-Simulated': 'hold', Cookie: 'image-cache=hold' };
  for (const base of [api.base, `http://127.0.0.1:${port}/api`]) {
    for (const path of [
      '/simulate',
      '/simulate/',
      '/simulate?preset=offline',
      '/%73imulate',
      '/__image-cache/api/simulate',
    ]) {
      for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH']) {
        const sent = { ...headers, 'X-HTTP-Method-Override': 'PUT' };
        const answer = await fetch(base + path, { method, headers: sent, ...(method !== 'GET' && { body }) });
        expect([answer.status, ((await answer.json()) as Problem).code], `${method} ${path}`).toEqual([
          404,
          'NOT_FOUND',
        ]);
      }
    }
    const image = await fetch(base + url, { headers });
    expect([image.status, image.headers.get('x-image-cache-simulated')]).toEqual([200, null]);
  }
  const live = (await (await fetch(`http://127.0.0.1:${port}/api/live`)).json()) as LiveAnswer;
  expect(live).not.toHaveProperty('simulation');
});
