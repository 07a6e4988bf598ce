import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CacheStats, VerifyLine, VerifyReport } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

async function start() {
  const bucket = await startBucket();
  const pictures = await Promise.all([1, 2, 3].map((n) => jpeg(n)));
  for (const [n, picture] of pictures.entries()) bucket.server.put('photos', `${n + 1}.jpg`, picture);
  const api = await startApi(bucket);
  const images = await Promise.all([1, 2, 3].map(async (n) => ({ s3_url: await bucket.presign(`${n}.jpg`) })));
  expect((await api.post('/prefetch', { actor_id: '0001', images })).status).toBe(200);
  return { bucket, api, pictures };
}

describe('POST /verify', () => {
  it('answers with a report, from plain curl', async () => {
    const { api } = await start();
    const [name = ''] = await readdir(join(api.dir, 'images', '0001'));
    await rm(join(api.dir, 'images', '0001', name));
    const answer = await api.post('/verify');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/json');
    const report = (await answer.json()) as VerifyReport;
    expect(report).toMatchObject({ entries: 2, missing: 1, dropped: 1, damaged: 0 });
    expect(report.steps).toHaveLength(5);
  });

  it('answers with lines that end with the report, if requested', async () => {
    const { api } = await start();
    const answer = await api.post('/verify', undefined, { Accept: 'application/x-ndjson' });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as VerifyLine);
    expect(lines).toContainEqual({ step: 'rehash', checked: 3, total: 3 });
    expect(lines.at(-1)).toMatchObject({ done: true, entries: 3 });
  });

  it('T1, T11: refuses other sites’ pages, and other methods', async () => {
    const { api } = await start();
    const foreign = await api.post('/verify', undefined, { Origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const got = await api.get('/verify');
    expect(got.status).toBe(405);
    expect(got.headers.get('allow')).toBe('POST');
  });
});

describe('adoption', () => {
  it('T53: a directory without any manifest serves its images without S3', async () => {
    const { bucket, api, pictures } = await start();
    await api.images.close();
    const gets = bucket.server.stats.gets;
    for (const name of ['journal', 'manifest.json']) await rm(join(api.dir, name), { recursive: true });
    const next = await startApi(bucket, { cacheDir: api.dir });
    const url = await bucket.presign('1.jpg');
    const exists = await next.get(`/exists?url=${encodeURIComponent(url)}`);
    expect(await exists.json()).toEqual({ exists: true });
    const answer = await next.get(imageUrl(await bucket.presign('2.jpg')));
    expect(answer.headers.get('x-cache')).toBe('HIT');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(pictures[1]);
    const stats = (await (await next.get('/stats')).json()) as CacheStats;
    expect(stats).toMatchObject({ total_entries: 2, unclaimed: { files: 1 }, actors: { '0001': { entries: 2 } } });
    expect(stats.cache_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(bucket.server.stats.gets).toBe(gets);
  });

  it('copies from a fallback directory', async () => {
    const { bucket, api } = await start();
    const gets = bucket.server.stats.gets;
    const next = await startApi(bucket, { fallbackDirs: [api.dir] });
    const answer = await next.get(imageUrl(await bucket.presign('3.jpg')));
    expect(answer.headers.get('x-cache')).toBe('HIT');
    expect(bucket.server.stats.gets).toBe(gets);
  });
});
