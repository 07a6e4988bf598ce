import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import type { DoctorAnswer, DoctorCheck } from '../../plugin/inspectorProtocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const LINES = { Accept: 'application/x-ndjson' };

it('GET /doctor says whether the installation is well, is never cached, and creates no directory', async () => {
  const api = await startApi(await startBucket());
  const answer = await api.get('/doctor');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { ok, checks, environment } = (await answer.json()) as DoctorAnswer;
  expect(ok).toBe(true);
  expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['server.node', 'disk.writable', 'bucket.read']));
  expect(checks.every(({ took_ms }) => Number.isInteger(took_ms))).toBe(true);
  expect(environment).toContain('createImageCache()');
  expect(await readdir(dirname(api.dir))).toEqual([]);
});

it('with `url`, it explains an image, and counts no use of it', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const api = await startApi(bucket);
  const url = await bucket.presign('a.jpg');
  const explain = async () => {
    const answer = await api.get(`/doctor?url=${encodeURIComponent(url)}`);
    const { checks } = (await answer.json()) as DoctorAnswer;
    return checks.find(({ id }) => id === 'image.cached')?.detail;
  };
  expect(await explain()).toContain('Nothing, so the next request downloads it');
  await (await api.get(imageUrl(url))).arrayBuffer();
  const before = await api.images.cache.find(url);
  expect(await explain()).toContain(before?.local_path);
  expect(await api.images.cache.find(url)).toEqual(before);
  expect((await api.images.cache.stats()).misses).toBe(1);
  await api.images.cache.clear();
  expect(await explain()).toMatch(/^Nothing \(cleared /);
});

it('as lines, each check is one as it ends, and the last line is the answer', async () => {
  const api = await startApi(await startBucket());
  const text = await (await api.get('/doctor?url=s3%3A%2F%2Fother%2Fa.jpg', LINES)).text();
  const lines = text.trimEnd().split('\n');
  const [first, last] = lines.map((line) => JSON.parse(line) as DoctorCheck | (DoctorAnswer & { done: true }));
  expect(first).toMatchObject({ id: 'image.identity', status: 'fail' });
  expect(last).toEqual({ done: true, ok: false, checks: [first], environment: expect.any(String) });
  expect(lines).toHaveLength(2);
});

it('a URL that is given twice is refused, and an empty one is no question about the installation', async () => {
  const api = await startApi(await startBucket());
  expect(await (await api.get('/doctor?url=a&url=b')).json()).toMatchObject({ code: 'INVALID_URL' });
  expect(await (await api.get('/doctor?url=')).json()).toMatchObject({ ok: false, checks: [{ id: 'image.identity' }] });
});
