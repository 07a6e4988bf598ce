import { createHash } from 'node:crypto';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AuthorizedImage } from '../../plugin/options.ts';
import type { Manifest, PrefetchAnswer, PrefetchLine, Problem } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('GET /image?url=', () => {
  it('downloads once and then answers from memory, for any signature', async () => {
    const bucket = await startBucket();
    const picture = await jpeg(1);
    bucket.server.put('photos', '0001/a.jpg', picture);
    const api = await startApi(bucket);

    const miss = await api.get(imageUrl(await bucket.presign('0001/a.jpg')));
    expect(miss.status).toBe(200);
    expect(miss.headers.get('x-cache')).toBe('MISS');
    expect(miss.headers.get('cache-status')).toBe('image-cache; fwd=miss; detail=streamed');
    expect(miss.headers.get('content-type')).toBe('image/jpeg');
    expect(miss.headers.get('cache-control')).toBe('no-cache');
    expect(await bytesOf(miss)).toEqual(picture);

    for (let n = 1; n <= 10; n += 1) {
      const hit = await api.get(imageUrl(await bucket.presign('0001/a.jpg', n)));
      expect(hit.headers.get('x-cache')).toBe('HIT');
      expect(hit.headers.get('server-timing')).toBe('memory');
      expect(await bytesOf(hit)).toEqual(picture);
    }
    expect(bucket.server.stats.gets).toBe(1);
  });

  it('reads a bare URL and s3:// with the configured credentials', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a b+ü.jpg', await jpeg(2));
    const api = await startApi(bucket);
    const bare = await api.get(imageUrl(`${bucket.option.endpoint}/photos/a%20b%2B%C3%BC.jpg`));
    expect(bare.status).toBe(200);
    await bare.arrayBuffer();
    const scheme = await api.get(imageUrl('s3://photos/a b+ü.jpg'));
    expect(scheme.headers.get('x-cache')).toBe('HIT');
    expect(bucket.server.stats.gets).toBe(1);
  });

  it('T44: 100 parallel requests for one cold object make one request to S3', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(3));
    bucket.server.faults.latencyMs = 50;
    const api = await startApi(bucket);
    const urls = await Promise.all(Array.from({ length: 100 }, (_, n) => bucket.presign('a.jpg', n % 10)));
    const answers = await Promise.all(urls.map(async (url) => api.get(imageUrl(url))));
    const digests = await Promise.all(answers.map(async (answer) => sha256(await bytesOf(answer))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(digests).size).toBe(1);
    expect(bucket.server.stats.gets).toBe(1);
  });

  it('reports the answer of S3 with a hint, and remembers no failure', async () => {
    const bucket = await startBucket();
    const api = await startApi(bucket);
    const missing = await api.get(imageUrl(await bucket.presign('nope.jpg')));
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await missing.json()) as Problem;
    expect(problem).toMatchObject({ status: 404, code: 'UPSTREAM_NOT_FOUND', type: 'about:blank' });
    expect(problem.hint).toBeTruthy();

    bucket.server.put('photos', 'nope.jpg', await jpeg(4));
    expect((await api.get(imageUrl(await bucket.presign('nope.jpg')))).status).toBe(200);
  });

  it('never stores anything but complete images', async () => {
    const bucket = await startBucket();
    const picture = await jpeg(5, { width: 200, height: 200 });
    bucket.server.put('photos', 'page.jpg', Buffer.from('<html>login</html>'));
    bucket.server.put('photos', 'beginning.jpg', picture.subarray(0, 200));
    bucket.server.put('photos', 'whole.jpg', picture);
    const api = await startApi(bucket);
    const page = await api.get(imageUrl(await bucket.presign('page.jpg')));
    expect(page.status).toBe(502);
    expect(await page.json()).toMatchObject({ code: 'NOT_AN_IMAGE' });
    await expect(api.get(imageUrl(await bucket.presign('beginning.jpg'))).then(bytesOf)).rejects.toThrow();
    bucket.server.faults.cutChunked = 1;
    await expect(api.get(imageUrl(await bucket.presign('whole.jpg'))).then(bytesOf)).rejects.toThrow();
    expect(((await (await api.get('/manifest')).json()) as Manifest).entries).toEqual({});
    expect(await readdir(join(api.dir, 'tmp'))).toEqual([]);
  });

  it('N2: keeps half an image if the bucket has no more of it, because browsers show it', async () => {
    const bucket = await startBucket();
    const picture = await jpeg(5, { width: 200, height: 200 });
    const half = picture.subarray(0, picture.length / 2);
    bucket.server.put('photos', 'half.jpg', half);
    const api = await startApi(bucket);
    for (let view = 0; view < 2; view += 1) {
      const answer = await api.get(imageUrl(await bucket.presign('half.jpg')));
      expect((await bytesOf(answer)).equals(half)).toBe(true);
    }
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    expect(Object.values(entries)).toMatchObject([{ width: 200, height: 200 }]);
  });

  it('T25: fetches nothing from buckets that are not listed', async () => {
    const bucket = await startBucket();
    const api = await startApi(bucket);
    const answer = await api.get(imageUrl('https://evil.example/x.png'));
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'HOST_NOT_ALLOWED' });
  });

  it('says how to encode a URL whose parameters became parameters of the request', async () => {
    const api = await startApi(await startBucket());
    const answer = await api.get(
      '/image?url=https://photos.s3.amazonaws.com/a.jpg?X-Amz-Date=1&X-Amz-Signature=CANARY',
    );
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain('encodeURIComponent');
    expect(text).not.toContain('CANARY');
  });
});

describe('GET /image?path=', () => {
  async function cached() {
    const bucket = await startBucket();
    const picture = await jpeg(1);
    bucket.server.put('photos', '0001/a.jpg', picture);
    const api = await startApi(bucket);
    const images = [{ s3_url: await bucket.presign('0001/a.jpg'), filename: 'a.jpg' }];
    const answer = (await (await api.post('/prefetch', { actor_id: '0001', images })).json()) as PrefetchAnswer;
    const [result] = answer.results;
    if (result === undefined || !('entry' in result)) throw new Error('not downloaded');
    return { bucket, api, picture, entry: result.entry };
  }

  it('lets a manifest entry be cached for ever, and accepts both spellings of its path', async () => {
    const { api, picture, entry } = await cached();
    expect(entry.local_path).toMatch(/^\.image-cache\/images\/0001\/0001_[0-9a-f]{16}_[0-9a-f]{32}\.jpg$/);
    for (const path of [entry.local_path, entry.local_path.replace('.image-cache/', '')]) {
      const answer = await api.get(imagePath(path));
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('etag')).toBe(`"${sha256(picture)}"`);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(await bytesOf(answer)).toEqual(picture);
    }
    const head = await fetch(api.base + imagePath(entry.local_path), { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(picture.length));
  });

  it('T16: answers ranges and conditions exactly', async () => {
    const { api, picture, entry } = await cached();
    const etag = `"${sha256(picture)}"`;
    const ask = (headers: Record<string, string>) => api.get(imagePath(entry.local_path), headers);
    for (const [range, first, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=-1', picture.length - 1, picture.length],
      ['bytes=10-19', 10, 20],
      ['bytes=5-999999', 5, picture.length],
    ] as const) {
      const part = await ask({ Range: range });
      expect(part.status, range).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/${picture.length}`);
      expect(await bytesOf(part)).toEqual(picture.subarray(first, end));
    }
    const beyond = await ask({ Range: `bytes=${picture.length}-` });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${picture.length}`);
    for (const whole of ['bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1', `bytes=${'0-0,'.repeat(1000)}0-0`]) {
      const answer = await ask({ Range: whole });
      expect(answer.status, whole.slice(0, 20)).toBe(200);
      expect(await bytesOf(answer)).toEqual(picture);
    }
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await ask({ 'If-None-Match': condition });
      expect(answer.status, condition).toBe(304);
      expect(await bytesOf(answer)).toHaveLength(0);
    }
    expect((await ask({ 'If-None-Match': '"other"' })).status).toBe(200);
    for (const condition of [etag, `"other", ${etag}`, '*', ' * ']) {
      expect((await ask({ 'If-Match': condition })).status, `R9: ${condition}`).toBe(200);
    }
    // Strong comparison (RFC 9110, 13.1.1), before If-None-Match and Range.
    for (const condition of ['"other"', `W/${etag}`, '', 'x', `"other", W/${etag}`, etag.slice(1, -1)]) {
      for (const more of [{}, { 'If-None-Match': etag }, { Range: 'bytes=0-0' }, { Range: 'bytes=9999999-' }]) {
        const answer = await ask({ 'If-Match': condition, ...more });
        expect([answer.status, await answer.json()], `R9: ${condition}`).toEqual([
          412,
          expect.objectContaining({ code: 'PRECONDITION_FAILED' }),
        ]);
      }
    }
    expect((await ask({ 'If-Match': etag, 'If-None-Match': etag })).status).toBe(304);
    expect((await ask({ 'If-Match': etag, Range: 'bytes=0-0' })).status).toBe(206);
    const head = { method: 'HEAD', headers: { 'If-Match': '"other"' } };
    expect((await fetch(api.base + imagePath(entry.local_path), head)).status).toBe(412);
    // We tell no time of the last modification, so RFC 9110, 13.1.4 has these ignored.
    expect((await ask({ 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:01 GMT' })).status).toBe(200);
    expect((await ask({ 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:01 GMT' })).status).toBe(200);
    expect((await ask({ Range: 'bytes=0-0', 'If-Range': etag })).status).toBe(206);
    expect((await ask({ Range: 'bytes=0-0', 'If-Range': '"other"' })).status).toBe(200);
  });

  it('T10: serves nothing but manifest entries', async () => {
    const { api, entry } = await cached();
    for (const path of [
      '.image-cache/manifest.json',
      'manifest.json',
      '/etc/passwd',
      '../package.json',
      `${entry.local_path}/`,
      `${entry.local_path}/.`,
      entry.local_path.replace('.image-cache', '.image-cache-evil'),
      entry.local_path.replace('images/', 'images/../images/'),
      entry.local_path.toUpperCase(),
      '.image-cache/images/0001',
      'C:\\x',
      '\\\\host\\s',
    ]) {
      const answer = await api.get(imagePath(path));
      expect(answer.status, path).toBe(404);
      expect(await answer.json()).toMatchObject({ code: 'NOT_CACHED' });
    }
    for (const query of [
      '?path=',
      '?path=%00',
      '?path=%E0%A4%A',
      '?path=a&path=b',
      '?path[a]=b',
      '?',
      '?path=a&url=b',
    ]) {
      expect((await api.get(`/image${query}`)).status, query).toBe(400);
    }
  });

  it('T54: a damaged file is never served, and is downloaded again', async () => {
    const { api, entry, picture, bucket } = await cached();
    await api.images.close();
    const again = await startApi(bucket, { cacheDir: api.dir });
    const file = join(api.dir, entry.local_path.replace('.image-cache/', ''));
    await writeFile(file, Buffer.alloc(picture.length, 1));
    const bad = await again.get(imagePath(entry.local_path));
    expect(bad.status).toBe(404);
    expect(await bad.json()).toMatchObject({ code: 'CACHE_CORRUPT' });
    expect(await readdir(join(api.dir, 'quarantine'))).toHaveLength(1);
    const healed = await again.get(imageUrl(await bucket.presign('0001/a.jpg')));
    expect(healed.headers.get('x-cache')).toBe('MISS');
    expect(await bytesOf(healed)).toEqual(picture);
  });

  it('T55: survives the removal of its directory while it runs', async () => {
    const { api, bucket, picture } = await cached();
    await rm(api.dir, { recursive: true });
    expect(((await (await api.get('/manifest')).json()) as Manifest).entries).toEqual({});
    const answer = await api.get(imageUrl(await bucket.presign('0001/a.jpg')));
    expect(answer.headers.get('x-cache')).toBe('MISS');
    expect(await bytesOf(answer)).toEqual(picture);
    expect(await readFile(join(api.dir, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('T19: makes files readable for their owner only', async () => {
    const { api, entry } = await cached();
    const mode = async (path: string) => ((await stat(join(api.dir, path))).mode & 0o777).toString(8);
    expect(await mode('')).toBe('700');
    expect(await mode(entry.local_path.replace('.image-cache/', ''))).toBe('600');
  });
});

describe('POST /prefetch', () => {
  it('reports each image, and one bad image never fails the others', async () => {
    const bucket = await startBucket();
    for (const n of [1, 2, 3]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
    const api = await startApi(bucket);
    await (await api.get(`${imageUrl(await bucket.presign('1.jpg'))}&actor_id=0001`)).arrayBuffer();
    const images = [
      ...(await Promise.all(
        [1, 2, 3, 4].map(async (n) => ({ s3_url: await bucket.presign(`${n}.jpg`), filename: `${n}.jpg` })),
      )),
      { s3_url: 'https://evil.example/x.jpg?X-Amz-Signature=CANARY1', filename: 'x.jpg' },
    ];
    const answer = await api.post('/prefetch', { actor_id: '0001', images, priority: 'high' });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).not.toContain('X-Amz');
    expect(text).not.toContain('CANARY');
    const body = JSON.parse(text) as PrefetchAnswer;
    expect(body).toMatchObject({ actor_id: '0001', total: 5, cached: 1, downloaded: 2, failed: 2 });
    expect(body.results.map(({ status }) => status)).toEqual([
      'cached',
      'downloaded',
      'downloaded',
      'failed',
      'failed',
    ]);
    expect(body.results.map((result) => result.status === 'failed' && result.error.code)).toEqual([
      false,
      false,
      false,
      'UPSTREAM_NOT_FOUND',
      'HOST_NOT_ALLOWED',
    ]);
  });

  it('streams a line per image as soon as it has ended if NDJSON was requested', async () => {
    const bucket = await startBucket();
    for (const n of [1, 2, 3]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
    const api = await startApi(bucket);
    const images = await Promise.all(
      [1, 2, 3].map(async (n) => ({ s3_url: await bucket.presign(`${n}.jpg`), filename: `${n}` })),
    );
    const answer = await api.post('/prefetch', { actor_id: '0001', images }, { Accept: 'application/x-ndjson' });
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PrefetchLine);
    expect(lines).toHaveLength(4);
    expect(
      lines
        .slice(0, 3)
        .map((line) => ('index' in line ? line.index : -1))
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1, 2]);
    expect(lines[3]).toEqual({ done: true, actor_id: '0001', total: 3, cached: 0, downloaded: 3, failed: 0 });
  });

  it('T20: accepts 500 presigned URLs in one request', async () => {
    const bucket = await startBucket();
    const url = await bucket.presign('missing.jpg');
    const api = await startApi(bucket);
    const images = Array.from({ length: 500 }, () => ({
      s3_url: `${url}&X-Amz-Security-Token=${'a'.repeat(1000)}`,
      filename: 'a',
    }));
    const answer = await api.post('/prefetch', { actor_id: '0001', images });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as PrefetchAnswer).total).toBe(500);
  });

  it.each([
    [{ actor_id: '__proto__', images: [] }, 'INVALID_ACTOR_ID'],
    [{ actor_id: 'a/b', images: [] }, 'INVALID_ACTOR_ID'],
    [{ actor_id: 7, images: [] }, 'INVALID_ACTOR_ID'],
    [{ images: [] }, 'INVALID_ACTOR_ID'],
    [{ actor_id: '0001' }, 'INVALID_BODY'],
    [{ actor_id: '0001', images: [{ s3_url: 3 }] }, 'INVALID_URL'],
    [{ actor_id: '0001', images: [{ s3_url: 'https://x', filename: 'a\0' }] }, 'INVALID_FILENAME'],
    [[], 'INVALID_BODY'],
    [null, 'INVALID_BODY'],
  ])('T17: refuses %j with %s', async (body, code) => {
    const api = await startApi(await startBucket());
    const answer = await api.post('/prefetch', body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('T12: stores any actor id under a safe name, and gives the original back', async () => {
    const bucket = await startBucket();
    const api = await startApi(bucket);
    const names = ['CON', 'naïve ☃', 'x'.repeat(200), 'a.', 'IMAGE~1'];
    for (const [n, actor_id] of names.entries()) {
      bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
      const images = [{ s3_url: await bucket.presign(`${n}.jpg`), filename: `../${actor_id}.jpg` }];
      const { results } = (await (await api.post('/prefetch', { actor_id, images })).json()) as PrefetchAnswer;
      const [result] = results;
      expect(result).toMatchObject({ status: 'downloaded', entry: { actor_id, filename: `../${actor_id}.jpg` } });
      if (result && 'entry' in result) expect((await api.get(imagePath(result.entry.local_path))).status).toBe(200);
    }
    const folders = await readdir(join(api.dir, 'images'));
    expect(folders.every((name) => /^actor-[0-9a-f]{24}$/.test(name))).toBe(true);
    expect((await api.post(`/clear/${encodeURIComponent('naïve ☃')}`)).status).toBe(200);
    expect(await (await api.get('/stats')).json()).toMatchObject({ total_entries: names.length - 1 });
  });
});

describe('the rest of the API', () => {
  async function withImages() {
    const bucket = await startBucket();
    for (const n of [1, 2, 3]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
    const api = await startApi(bucket);
    const image = async (n: number) => ({ s3_url: await bucket.presign(`${n}.jpg`), filename: `${n}.jpg` });
    await api.post('/prefetch', { actor_id: '0001', images: [await image(1), await image(2)] });
    await api.post('/prefetch', { actor_id: '0002', images: [await image(2), await image(3)] });
    return { bucket, api };
  }

  it('GET /manifest answers in the documented shape, for all actors or one, and 304 if nothing has changed', async () => {
    const { api, bucket } = await withImages();
    const answer = await api.get('/manifest');
    const manifest = (await answer.json()) as Manifest;
    expect(manifest.version).toBe('1.0');
    expect(Object.keys(manifest.entries).toSorted()).toEqual(
      [1, 2, 3].map((n) => `${bucket.option.endpoint}/photos/${n}.jpg`),
    );
    expect(Object.values(manifest.entries)[1]).toMatchObject({
      actor_ids: ['0001', '0002'],
      content_type: 'image/jpeg',
      width: 48,
      height: 32,
    });

    const etag = answer.headers.get('etag') ?? '';
    expect((await api.get('/manifest', { 'If-None-Match': etag })).status).toBe(304);
    await api.post('/clear/0002');
    expect((await api.get('/manifest', { 'If-None-Match': etag })).status).toBe(200);

    const { entries } = (await (await api.get('/manifest?actor_id=0001')).json()) as Manifest;
    expect(Object.keys(entries)).toHaveLength(2);
  });

  it('E11: POST /clear/:actorId names existing actors if there is none with this id', async () => {
    const { api } = await withImages();
    const answer = await (await api.post('/clear/nobody')).json();
    expect(answer).toMatchObject({ cleared: 0, hint: expect.stringContaining('`0001` (2), `0002` (2)') });
    expect(await (await api.post('/clear/0001')).json()).not.toHaveProperty('hint');
    await api.post('/clear-all');
    expect(await (await api.post('/clear/0001')).json()).toMatchObject({
      cleared: 0,
      hint: expect.stringContaining('the cache is empty'),
    });
  });

  it('E11: names ten actors at most, those with the most images', async () => {
    const { api, bucket } = await withImages();
    for (let n = 0; n < 12; n += 1) {
      const images = [{ s3_url: await bucket.presign('1.jpg') }];
      await api.post('/prefetch', { actor_id: `actor-${n}`, images });
    }
    const { hint } = (await (await api.post('/clear/nobody')).json()) as { hint: string };
    expect(hint.match(/\(\d+\)/g)).toHaveLength(10);
    expect(hint).toContain('`0001` (2), `0002` (2), `actor-0` (1)');
  });

  it('GET /exists answers by path and by URL, whatever the signature', async () => {
    const { api, bucket } = await withImages();
    const exists = async (query: string) => (await api.get(`/exists?${query}`)).json();
    expect(await exists(`url=${encodeURIComponent(await bucket.presign('1.jpg', 5))}`)).toEqual({ exists: true });
    expect(await exists(`url=${encodeURIComponent(await bucket.presign('9.jpg'))}`)).toEqual({ exists: false });
    expect(await exists('url=https%3A%2F%2Fevil.example%2Fa.jpg')).toEqual({ exists: false });
    expect(await exists('path=.image-cache/manifest.json')).toEqual({ exists: false });
    expect((await api.get('/exists')).status).toBe(400);
  });

  it('POST /lookup answers for each URL as it was sent', async () => {
    const { api, bucket } = await withImages();
    const [known, unknown] = [await bucket.presign('1.jpg', 3), await bucket.presign('9.jpg')];
    const answer = await api.post('/lookup', { urls: [known, unknown, 'nonsense', '__proto__'] });
    const { entries } = (await answer.json()) as { entries: Record<string, unknown> };
    expect(entries[known]).toMatchObject({ filename: '1.jpg' });
    expect(entries).toMatchObject({ [unknown]: null, nonsense: null });
  });

  it('POST /lookup takes paths, too', async () => {
    const { api, bucket } = await withImages();
    const ask = async (urls: string[]) =>
      (
        (await (await api.post('/lookup', { urls })).json()) as {
          entries: Record<string, { local_path: string } | null>;
        }
      ).entries;
    const one = await bucket.presign('1.jpg');
    const path = (await ask([one]))[one]?.local_path ?? '';
    const two = await bucket.presign('2.jpg');
    const entries = await ask(['.image-cache/manifest.json', path, two]);
    expect(entries).toMatchObject({ [path]: { filename: '1.jpg' }, [two]: { filename: '2.jpg' } });
    expect(entries['.image-cache/manifest.json']).toBeNull();
  });

  it('POST /clear/:actorId keeps what another actor uses', async () => {
    const { api } = await withImages();
    const cleared = (await (await api.post('/clear/0001')).json()) as Record<string, number>;
    expect(cleared).toMatchObject({ cleared: 1, kept: 1 });
    expect(cleared['freed_bytes']).toBeGreaterThan(0);
    expect(await (await api.get('/stats')).json()).toMatchObject({
      total_entries: 2,
      actors: { '0002': { entries: 2 } },
    });
  });

  it('POST /clear-all works without a body, as the documentation prints it', async () => {
    const { api } = await withImages();
    expect(await (await api.post('/clear-all')).json()).toMatchObject({ cleared: 3, kept: 0 });
    expect(await (await api.get('/stats')).json()).toMatchObject({ total_entries: 0, memory: { entries: 0 } });
    const left = await readdir(join(api.dir, 'images'), { recursive: true, withFileTypes: true });
    expect(left.filter((file) => file.isFile())).toEqual([]);
  });

  it('POST /invalidate forgets one object in memory and on disk', async () => {
    const { api, bucket } = await withImages();
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    const entry = Object.values(entries)[0];
    expect(await (await api.post('/invalidate', { s3_url: await bucket.presign('1.jpg', 9) })).json()).toEqual({
      invalidated: 1,
    });
    expect((await api.get(imagePath(entry?.local_path ?? ''))).status).toBe(404);
    expect(await (await api.post('/invalidate', { s3_url: await bucket.presign('1.jpg') })).json()).toEqual({
      invalidated: 0,
    });
  });

  it('T59: a download that began before a clear is served, but not kept', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    bucket.server.faults.latencyMs = 150;
    const api = await startApi(bucket);
    await api.get('/stats');
    const reading = api.get(imageUrl(await bucket.presign('a.jpg')));
    while (bucket.server.stats.requests === 0) await new Promise(setImmediate);
    await api.post('/clear-all');
    expect((await reading).status).toBe(200);
    expect(await (await api.get('/stats')).json()).toMatchObject({ total_entries: 0 });
    expect((await readdir(join(api.dir, 'images'))).flat()).toEqual([]);
  });

  it('answers unknown requests with a JSON problem', async () => {
    const api = await startApi(await startBucket());
    const unknown = await api.get('/nothing/here');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ code: 'NOT_FOUND' });
    const wrong = await api.get('/clear-all');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST');
    const put = await fetch(`${api.base}/image?path=a`, { method: 'PUT' });
    expect(put.status).toBe(405);
    expect(put.headers.get('allow')).toBe('GET, HEAD');
    expect((await api.post('/clear/%E0%A4%A')).status).toBe(400);
  });

  it('T19: no signature reaches the disk, an answer or a log', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const logged: string[] = [];
    const print = (...values: unknown[]) => void logged.push(values.join(' '));
    const [info, warn] = [console.info, console.warn];
    Object.assign(console, { info: print, warn: print });
    try {
      const api = await startApi(bucket, { logLevel: 'debug' });
      const secrets = 'X-Amz-Signature=CANARY1&X-Amz-Security-Token=CANARY2&X-Amz-Credential=CANARY3';
      const urls = [
        await bucket.presign('a.jpg'),
        `${bucket.option.endpoint}/photos/b.jpg?${secrets}`,
        `https://evil.example/?${secrets}`,
      ];
      const answers: string[] = [];
      for (const url of urls) {
        const answer = await api.get(imageUrl(url));
        if (answer.status !== 200) answers.push(await answer.text());
        answers.push(JSON.stringify([...answer.headers]));
        answers.push(
          await (await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: url, filename: 'a' }] })).text(),
        );
        answers.push(await (await api.post('/invalidate', { s3_url: `${url}&x=\\` })).text());
      }
      await api.images.close();
      const files = await readdir(api.dir, { recursive: true, withFileTypes: true });
      const onDisk = await Promise.all(
        files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
      );
      const everything = [...answers, ...logged, ...onDisk].join('\n');
      expect(everything).not.toMatch(/CANARY|X-Amz-(Signature|Credential|Security-Token)=(?!\[redacted\])/);
      expect(logged.join('\n')).toContain('MISS');
    } finally {
      Object.assign(console, { info, warn });
    }
  });
});

describe('If-None-Match', () => {
  it('for an image that is not in memory is answered without reading its file', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket, { memory: false });
    const url = imageUrl(await bucket.presign('a.jpg'));
    await bytesOf(await api.get(url));
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    const { local_path = '', sha256: digest = '' } = Object.values(entries)[0] ?? {};
    await rm(join(api.dir, local_path.replace('.image-cache/', '')));
    for (const asked of [imagePath(local_path), url]) {
      const known = await api.get(asked, { 'If-None-Match': `"other", "${digest}"` });
      expect([known.status, known.headers.get('etag')], asked).toEqual([304, `"${digest}"`]);
    }
    const changed = await api.get(imagePath(local_path), { 'If-None-Match': '"other"' });
    expect(await changed.json()).toMatchObject({ code: 'CACHE_CORRUPT' });
  });
});

describe('limits of a request', () => {
  it('the range of a HEAD is ignored (RFC 9110, 14.2)', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket);
    const url = api.base + imageUrl(await bucket.presign('a.jpg'));
    const whole = await bytesOf(await fetch(url));
    for (const Range of ['bytes=0-9', 'bytes=99999999-']) {
      const head = await fetch(url, { method: 'HEAD', headers: { Range } });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(whole.length)]);
    }
  });

  it('more than 10,000 images in one request are refused at once', async () => {
    const api = await startApi(await startBucket());
    const images = Array.from({ length: 10_001 }, (_, n) => ({ s3_url: `s3://photos/${n}` }));
    const answer = await api.post('/prefetch', { actor_id: '1', images });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'INVALID_BODY',
      detail: '`images`: must have at most 10000 images',
    });
  });
});

describe('authorize', () => {
  it('T24: hides from one user the images that another has cached', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket, { authorize: (request) => request.headers['x-user'] === 'a' });
    const url = imageUrl(await bucket.presign('a.jpg'));
    const allowed = await api.get(url, { 'X-User': 'a' });
    expect(allowed.status).toBe(200);
    const denied = await api.get(url, { 'X-User': 'b' });
    expect(denied.status).toBe(403);
    expect(await denied.json()).toMatchObject({ code: 'NOT_AUTHORIZED' });
    const { entries } = (await (await api.get('/manifest', { 'X-User': 'a' })).json()) as Manifest;
    const path = imagePath(Object.values(entries)[0]?.local_path ?? '');
    expect((await api.get(path, { 'X-User': 'b' })).status).toBe(403);
    // Neither a cache in between nor the next user of the browser may have it without being asked about.
    for (const asked of [url, path, `${path}&w=64`]) {
      const { headers } = await api.get(asked, { 'X-User': 'a' });
      expect(headers.get('cache-control'), asked).toBe('private, no-cache');
      const again = { 'If-None-Match': headers.get('etag') ?? '' };
      expect((await api.get(asked, { ...again, 'X-User': 'a' })).status, asked).toBe(304);
      expect((await api.get(asked, { ...again, 'X-User': 'b' })).status, asked).toBe(403);
    }
    expect(await (await api.get('/manifest', { 'X-User': 'b' })).json()).toMatchObject({ entries: {} });
  });
});

describe('authorize, before anything is downloaded', () => {
  async function start() {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const asked: unknown[] = [];
    const authorize = (request: IncomingMessage, image: AuthorizedImage) => {
      asked.push(image);
      return request.headers['x-user'] === 'a';
    };
    return { bucket, asked, api: await startApi(bucket, { authorize }) };
  }
  const refused = { 'X-User': 'b' };

  it('gets what the URL says, and a refused user can neither probe the bucket nor fill the cache', async () => {
    const { bucket, api, asked } = await start();
    for (const name of ['a.jpg', 'none.jpg']) {
      const url = imageUrl(await bucket.presign(name));
      for (const more of ['', '&w=64', '&revalidate=true']) {
        const answer = await api.get(`${url}&actor_id=7${more}`, refused);
        expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'NOT_AUTHORIZED' }]);
      }
    }
    const s3_url = `${bucket.option.endpoint}/photos/a.jpg`;
    const location = { bucket: 'photos', key: 'a.jpg', versionId: undefined };
    expect(asked[0]).toEqual({ s3_url, filename: 'a.jpg', actor_id: '7', ...location });
    expect(bucket.server.stats.gets).toBe(0);
  });

  it('holds for prefetches, image by image', async () => {
    const { bucket, api } = await start();
    const images = ['https://evil.example/x.jpg', await bucket.presign('a.jpg')].map((s3_url) => ({ s3_url }));
    const body = { actor_id: '1', images };
    const { results } = (await (await api.post('/prefetch', body, refused)).json()) as PrefetchAnswer;
    expect(results.map((result) => result.status === 'failed' && result.error.code)).toEqual([
      'HOST_NOT_ALLOWED',
      'NOT_AUTHORIZED',
    ]);
    expect(bucket.server.stats.gets).toBe(0);
    expect(await (await api.post('/prefetch', body, { 'X-User': 'a' })).json()).toMatchObject({ downloaded: 1 });
  });

  it('is named in the log if it throws', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const authorize = () => Promise.reject(new Error('no session store'));
    const api = await startApi(bucket, { authorize, logLevel: 'warn' });
    expect((await api.get(imageUrl(await bucket.presign('a.jpg')))).status).toBe(500);
    expect(warn.mock.calls.join()).toContain('`authorize` threw: no session store');
  });
});

describe('allowedOrigins', () => {
  it('lets only pages of a listed origin read images', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket, { allowedOrigins: ['https://admin.example.com'] });
    const url = imageUrl(await bucket.presign('a.jpg'));
    const listed = await api.get(url, { Origin: 'https://admin.example.com', 'Sec-Fetch-Site': 'cross-site' });
    expect(listed.status).toBe(200);
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://admin.example.com');
    expect(listed.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const other = await api.get(url, { Origin: 'https://evil.example' });
    expect(other.status).toBe(403);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});
