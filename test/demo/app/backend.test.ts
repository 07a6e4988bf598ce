import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createServer, type ViteDevServer } from 'vite';
import type { ActorDetail, ActorSummary, NetworkState } from '../../../demo/api.ts';
import { demoBackend } from '../../../demo/backend.ts';
import { createS3Server, type S3Server } from '../../../demo/s3/index.ts';
import { readStorage, STORAGE_BUCKET, type Storage } from '../../../demo/settings.ts';

const JPEG = Buffer.from('a photograph');
let s3: S3Server;
let vite: ViteDevServer;
let origin: string;

beforeAll(async () => {
  s3 = await createS3Server({ buckets: [STORAGE_BUCKET] });
  s3.put(STORAGE_BUCKET, 'actors/0007/0007_03.jpg', JPEG, { contentType: 'image/jpeg' });
  vite = await startVite(readStorage({ DEMO_S3_ENDPOINT: s3.endpoint }));
  origin = originOf(vite);
});

afterAll(async () => {
  await vite.close();
  await s3.close();
});

async function startVite(storage: Storage): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    logLevel: 'silent',
    root: import.meta.dirname,
    server: { port: 0, host: '127.0.0.1', ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [demoBackend(storage)],
  });
  return await server.listen();
}

function originOf(server: ViteDevServer): string {
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('Vite does not listen');
  return url.slice(0, -1);
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(origin + path);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T; // The shape is what the tests are about.
}

describe('actors', () => {
  test('all 40 have a name, a cover and a count', async () => {
    const actors = await get<ActorSummary[]>('/demo/actors');
    expect(actors).toHaveLength(40);
    expect(actors[0]).toEqual({
      id: '0001',
      name: 'Saltmarsh Ridge',
      subject: 'Misty mountain ridges',
      count: 25,
      cover: expect.objectContaining({ filename: '0001_00.jpg', width: 800, height: 1200 }),
    });
  });

  test('with ?images=1 they have all 1,000 pictures', async () => {
    const actors = await get<ActorSummary[]>('/demo/actors?images=1');
    expect(actors.flatMap(({ images }) => images ?? [])).toHaveLength(1_000);
  });

  test('a URL is signed: S3 gives the picture for it, and refuses it without', async () => {
    const { images } = await get<ActorDetail>('/demo/actors/0007');
    const url = images[3]?.s3_url ?? '';
    const signed = await fetch(url);
    expect(Buffer.from(await signed.arrayBuffer()).equals(JPEG)).toBe(true);
    expect((await fetch(url.replace(/\?.*/, ''))).status).toBe(403);
  });

  test.each(['/demo/actors/0041', '/demo/actors/0000'])('%s is a 404 in JSON', async (path) => {
    const answer = await fetch(origin + path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json']);
  });
});

test('the bucket is listed without the photographs, and says so when it does not answer', async () => {
  s3.put(STORAGE_BUCKET, 'uploads/ab/abcd.jpg', JPEG, { contentType: 'image/jpeg' });
  expect(await get('/demo/bucket')).toEqual({ objects: [{ key: 'uploads/ab/abcd.jpg', size: JPEG.length }] });
  s3.faults.offline = true;
  try {
    expect((await fetch(`${origin}/demo/bucket`)).status).toBe(502);
  } finally {
    s3.faults.offline = false;
  }
});

describe('network', () => {
  beforeEach(() => {
    Object.assign(s3.faults, { latencyMs: 0, slowDown: 0, offline: false, putSlowDown: 0, putExpired: 0 });
  });

  const put = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${origin}/demo/network`, { method: 'PUT', body, headers });

  test('says what the S3 server does and what it has served', async () => {
    s3.faults.latencyMs = 750;
    const state = await get<NetworkState>('/demo/network');
    expect(state).toEqual({
      available: true,
      latencyMs: 750,
      slowDown: 0,
      offline: false,
      putSlowDown: 0,
      putExpired: 0,
      stats: { requests: s3.stats.requests, gets: s3.stats.gets, bytesSent: s3.stats.bytesSent },
    });
  });

  test('switches faults, also back on from offline', async () => {
    expect((await put('{"offline":true,"slowDown":0.3}')).status).toBe(200);
    expect([s3.faults.offline, s3.faults.slowDown]).toEqual([true, 0.3]);
    const back: unknown = await (await put('{"offline":false}')).json();
    expect(back).toMatchObject({ offline: false, slowDown: 0.3 });
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site' }],
    ['another origin, in a browser without fetch metadata', { origin: 'http://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
  ])('%s may not switch anything', async (_, headers) => {
    expect((await put('{"offline":true}', headers)).status).toBe(403);
    expect(s3.faults.offline).toBe(false);
  });

  test.each([
    '{"latencyMs":-1}',
    '{"latencyMs":1e9}',
    '{"slowDown":"1"}',
    '{"offline":1}',
    '[',
    'null',
    'x'.repeat(2_000),
  ])('refuses %.20s', async (body) => {
    expect((await put(body)).status).toBe(400);
  });

  test('ignores faults that the page has no switch for', async () => {
    expect((await put('{"hang":1,"latencyMs":5}')).status).toBe(200);
    expect([s3.faults.hang, s3.faults.latencyMs]).toEqual([0, 5]);
  });

  test('with a server of the user there is nothing to switch', async () => {
    const other = await startVite({ endpoint: s3.endpoint, region: 'us-east-1', bucket: 'photos' });
    try {
      const answer = await fetch(`${originOf(other)}/demo/network`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toEqual({ available: false });
    } finally {
      await other.close();
    }
  });
});
