import express from 'express';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { developmentAccess } from '../../plugin/http/accessPolicy.ts';
import { jpeg } from '../helpers/images.ts';
import { parsePrometheusText } from '../helpers/prometheusText.ts';
import { requestFrom } from '../helpers/requestFrom.ts';
import { type Api, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

async function scrape(api: Api): Promise<Map<string, number>> {
  const answer = await api.get('/metrics', {
    Accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4',
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const families = parsePrometheusText(await answer.text());
  return new Map([...families.values()].flatMap(({ samples }) => Array.from(samples)));
}

describe('GET /metrics', () => {
  it('counts images and errors, and names no image, no actor and no signature', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'secret/dune.jpg', await jpeg(1, { width: 64, height: 64 }));
    const api = await startApi(bucket, { metrics: true });
    const url = `${imageUrl(await bucket.presign('secret/dune.jpg'))}&actor_id=somebody`;
    for (let n = 0; n < 3; n += 1) await (await api.get(url)).arrayBuffer();
    await api.get(imageUrl(await bucket.presign('none.jpg')));
    await api.get(imageUrl('https://elsewhere.example/a.jpg'));
    await api.get('/nothing');
    const values = await scrape(api);
    expect(Object.fromEntries(values)).toMatchObject({
      'image_cache_requests_total{tier="memory",outcome="hit"}': 2,
      'image_cache_requests_total{tier="s3",outcome="miss"}': 1,
      'image_cache_downloads_total{bucket="photos",result="downloaded"}': 1,
      'image_cache_downloads_total{bucket="photos",result="failed"}': 1,
      'image_cache_errors_total{code="UPSTREAM_NOT_FOUND"}': 1,
      'image_cache_errors_total{code="HOST_NOT_ALLOWED"}': 1,
      'image_cache_errors_total{code="NOT_FOUND"}': 1,
      image_cache_entries: 1,
    });
    expect([...values.keys()].join('\n')).not.toMatch(/dune|secret|somebody|elsewhere|X-Amz|AKID|127\.0\.0\.1/);
    expect((await fetch(`${api.base}/metrics`, { method: 'HEAD' })).headers.get('content-length')).toMatch(/^\d{4}$/);
  });

  it('is off in a server of your own, unless it is switched on', async () => {
    const api = await startApi(await startBucket());
    const answer = await api.get('/metrics');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'NOT_FOUND', hint: 'Set the option `metrics: true`.' });
  });

  it('is all that a port of its own answers, as the cookbook has it', async () => {
    const api = await startApi(await startBucket(), { metrics: true });
    const server = express().get('/metrics', api.images.router).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect([
      await get('/metrics'),
      await get('/stats'),
      await get('/image?path=x'),
      await get('/metrics/../stats'),
    ]).toEqual([200, 404, 404, 404]);
  });

  it('is refused to pages of other sites and to other hosts, like everything else', async () => {
    const api = await startApi(await startBucket(), { metrics: true });
    expect((await api.get('/metrics', { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await api.get('/metrics', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await api.post('/metrics')).status).toBe(405);
  });

  it('in dev, is for this machine and the app’s own pages; `manage` can let others in', () => {
    const { isOpen } = developmentAccess([]);
    expect(isOpen(requestFrom('127.0.0.1', { Host: 'localhost:5173' }), 'metrics')).toBe(true);
    expect(isOpen(requestFrom('192.168.0.7', { Host: '192.168.0.2:5173' }), 'metrics')).toBe(false);
  });
});
