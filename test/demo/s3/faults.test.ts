import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { text } from 'node:stream/consumers';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Faults, S3Server } from '../../../demo/s3/index.ts';
import { FaultInjector, noFaults } from '../../../demo/s3/faults.ts';
import { BUCKET, clientOf, codeOf, refusal, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'a.txt' };
const BODY = '0123456789';

/** A server with one object and its faults, and a presigned URL of the object. */
async function startFaulty(faults: Partial<Faults>, body = BODY): Promise<{ s3: S3Server; url: string }> {
  const s3 = await startS3({ faults });
  s3.put(BUCKET, 'a.txt', Buffer.from(body));
  return { s3, url: await getSignedUrl(clientOf(s3), new GetObjectCommand(object)) };
}

/** What is on the wire until the server closes. */
async function getRaw(s3: S3Server, url: string): Promise<string> {
  const { pathname, search, host } = new URL(url);
  const socket = connect(s3.port, '127.0.0.1');
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return text(socket);
}

/** The statuses of so many GETs, one after the other. */
async function statuses(url: string, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const response = await fetch(url);
    await response.arrayBuffer();
    found.push(response.status);
  }
  return found;
}

describe('a share', () => {
  test.for([
    [0, 0],
    [0.1, 10],
    [0.25, 25],
    [0.5, 50],
    [2 / 3, 66],
    [1, 100],
  ] as const)('of %f is met exactly: %i of 100', ([share, expected]) => {
    const injector = new FaultInjector({ ...noFaults(), lostResponse: share }, Date.now);
    const lost = Array.from({ length: 100 }, () => injector.losesResponse('a')).filter(Boolean);
    expect(lost).toHaveLength(expected);
  });

  test('of a half is every second request, and changes at once', async () => {
    const { s3, url } = await startFaulty({ slowDown: 0.5 });
    expect(await statuses(url, 4)).toEqual([200, 503, 200, 503]);
    s3.faults.slowDown = 0;
    expect(await statuses(url, 2)).toEqual([200, 200]);
    s3.faults.slowDown = 1;
    expect(await statuses(url, 2)).toEqual([503, 503]);
  });

  test('leaves room for the other faults', async () => {
    const { url } = await startFaulty({ slowDown: 0.5, forbidden: 0.5 });
    expect(await statuses(url, 4)).toEqual([200, 503, 403, 503]);
  });
});

describe('refusals', () => {
  test('T38: slowDown answers 503 SlowDown with Retry-After', async () => {
    const { url } = await startFaulty({ slowDown: 1, retryAfterSeconds: 3 });
    const response = await fetch(url);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
    expect(codeOf(await response.text())).toBe('SlowDown');
  });

  test('T39: forbidden answers 403 AccessDenied', async () => {
    const { s3 } = await startFaulty({ forbidden: 1 });
    expect(await refusal(clientOf(s3).send(new GetObjectCommand(object)))).toBe('403 AccessDenied');
  });

  test('T39: expired answers as S3 does for a URL that has run out', async () => {
    const { url } = await startFaulty({ expired: 1 });
    const response = await fetch(url);
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/<Code>AccessDenied<\/Code><Message>Request has expired<.*<ServerTime>/);
  });

  test('a bad signature is refused before any fault', async () => {
    const { s3, url } = await startFaulty({ slowDown: 1 });
    expect((await fetch(url.replace('a.txt', 'b.txt'))).status).toBe(403);
    expect(s3.stats.gets).toBe(0);
  });
});

describe('bodies', () => {
  test('T32: cut announces the whole length and sends half', async () => {
    const { s3, url } = await startFaulty({ cut: 1 });
    const [head, body] = (await getRaw(s3, url)).split('\r\n\r\n');
    expect(head).toMatch(/Content-Length: 10/i);
    expect(body).toBe('01234');
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  });

  test('T33: cutChunked announces no length, sends half, and looks like a success', async () => {
    const { s3, url } = await startFaulty({ cutChunked: 1 });
    const [head, body] = (await getRaw(s3, url)).split('\r\n\r\n');
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
    expect(body).toBe('01234');
    expect(await (await fetch(url)).text()).toBe('01234');
  });

  test('T34: hangBody sends half and then nothing', async () => {
    const { url } = await startFaulty({ hangBody: 1 });
    const response = await fetch(url);
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('01234');
    const more = reader?.read();
    const silence = new Promise((resolve) => setTimeout(resolve, 50, 'silence'));
    expect(await Promise.race([more, silence])).toBe('silence');
    await reader?.cancel();
  });

  test('T43: changedEtag answers another ETag each time, and so a whole object to If-None-Match', async () => {
    const { s3, url } = await startFaulty({ changedEtag: 1 });
    const [first, second] = [await fetch(url), await fetch(url)];
    const head = await clientOf(s3).send(new HeadObjectCommand(object));
    expect(new Set([first.headers.get('etag'), second.headers.get('etag'), head.ETag]).size).toBe(3);
    expect((await fetch(url, { headers: { 'If-None-Match': head.ETag ?? '' } })).status).toBe(200);
  });

  test('T36: bytesPerSecond slows a body down', async () => {
    const { s3, url } = await startFaulty({ bytesPerSecond: 100_000 }, 'x'.repeat(20_000));
    const started = performance.now();
    await (await fetch(url)).text();
    expect(performance.now() - started).toBeGreaterThan(150);
    s3.faults.bytesPerSecond = 0;
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const again = performance.now();
      await (await fetch(url)).text();
      times.push(performance.now() - again);
    }
    expect(Math.min(...times)).toBeLessThan(150); // a busy machine may hold up any of them
  });
});

describe('connections', () => {
  test('T35: hang never answers', async () => {
    const { s3, url } = await startFaulty({ hang: 1 });
    const leaving = new AbortController();
    const asked = fetch(url, { signal: leaving.signal }).catch((error: unknown) => error);
    await expect.poll(() => s3.stats.gets).toBe(1);
    expect(await Promise.race([asked, sleep(50, 'no answer')])).toBe('no answer');
    leaving.abort();
    expect(await asked).toMatchObject({ name: 'AbortError' });
  });

  test('offline resets every connection until it is over', async () => {
    const { s3, url } = await startFaulty({ offline: true });
    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    s3.faults.offline = false;
    expect((await fetch(url)).status).toBe(200);
  });

  test('offline cuts what is under way', async () => {
    const { s3, url } = await startFaulty({ bytesPerSecond: 100_000 }, 'x'.repeat(1_000_000));
    const response = await fetch(url);
    s3.faults.offline = true;
    await expect(response.text()).rejects.toThrow();
  });

  test('lostResponse does the PUT and says nothing', async () => {
    const { s3 } = await startFaulty({ lostResponse: 1 });
    const client = clientOf(s3);
    await expect(client.send(new PutObjectCommand({ ...object, Body: 'new' }))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await (await client.send(new GetObjectCommand(object))).Body?.transformToString()).toBe('new');
  });

  test('putSlowDown and putExpired refuse a PUT, of which nothing is kept, and no GET', async () => {
    const { s3, url } = await startFaulty({ putSlowDown: 1 });
    const put = () => clientOf(s3).send(new PutObjectCommand({ ...object, Body: 'new' }));
    await expect(put()).rejects.toHaveProperty('name', 'SlowDown');
    Object.assign(s3.faults, { putSlowDown: 0, putExpired: 1 });
    await expect(put()).rejects.toHaveProperty('name', 'ExpiredToken');
    expect(await (await fetch(url)).text()).toBe(BODY);
    s3.faults.putExpired = 0;
    await put();
    expect(await (await fetch(url)).text()).toBe('new');
  });

  test('latencyMs delays GET and HEAD', async () => {
    const { s3, url } = await startFaulty({ latencyMs: 60 });
    const started = performance.now();
    await fetch(url);
    await clientOf(s3).send(new HeadObjectCommand(object));
    expect(performance.now() - started).toBeGreaterThan(110);
  });

  test('close ends what hangs', async () => {
    const { s3, url } = await startFaulty({ hang: 1 });
    const hanging = fetch(url).then(
      () => 'answered',
      () => 'cut',
    );
    await vi.waitFor(() => expect(s3.stats.gets).toBe(1));
    await s3.close();
    expect(await hanging).toBe('cut');
  });
});

test('keys limits faults to the keys that contain it', async () => {
  const { s3, url } = await startFaulty({ forbidden: 1, keys: 'b.' });
  s3.put(BUCKET, 'b.txt', Buffer.from('x'));
  const other = await getSignedUrl(clientOf(s3), new GetObjectCommand({ ...object, Key: 'b.txt' }));
  expect([(await fetch(url)).status, (await fetch(other)).status]).toEqual([200, 403]);
});

test('stats count requests, GETs by key and the bytes of bodies', async () => {
  const { s3, url } = await startFaulty({ cut: 0.5 });
  await (await fetch(url)).text();
  await fetch(url)
    .then((response) => response.text())
    .catch(() => undefined);
  await clientOf(s3).send(new HeadObjectCommand(object));
  expect(s3.stats).toEqual({
    requests: 3,
    gets: 2,
    bytesSent: 15,
    byKey: new Map([['photos/a.txt', 2]]),
    writes: new Map(),
  });
});
