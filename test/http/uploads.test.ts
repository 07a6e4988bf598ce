import { readdir, rm } from 'node:fs/promises';
import express from 'express';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UploadsAnswer } from '../../plugin/uploadProtocol.ts';
import { jpeg } from '../helpers/images.ts';
import { http2Session } from './http2Session.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';
import {
  PROJECT,
  contentDigest,
  jobId,
  keyOf,
  pictureName,
  sha256,
  startUploads,
  uploadHeaders,
} from '../helpers/uploads.ts';

/** The files of uploads; none before anything was accepted. */
async function filesIn(outbox: string): Promise<string[]> {
  const names = await Promise.all(
    ['jobs', 'bodies', 'tmp', 'done'].map((name) => readdir(join(outbox, name)).catch(() => [])),
  );
  return names.flat();
}

describe('PUT /uploads/:jobId', () => {
  it('answers 201 when the bucket has the picture, which is in the cache and shown by its reference', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket);
    const picture = await jpeg(1);
    const job = jobId();
    const answer = await api.put(job, picture, { 'Image-Cache-Filename': encodeURIComponent('Düne 1.jpg') });
    const status = await answer.json();
    expect([answer.status, status]).toMatchObject([
      201,
      {
        job_id: job,
        state: 'stored',
        image_id: sha256(picture).slice(0, 32),
        ref: `/api/cache/i/${pictureName(picture)}`,
        sha256: sha256(picture),
        size_bytes: picture.length,
        content_type: 'image/jpeg',
        filename: 'Düne 1.jpg',
        s3_url: `${bucket.server.endpoint}/photos/${keyOf(picture)}`,
        attempts: 0,
      },
    ]);
    const before = bucket.server.stats.bytesSent;
    const shown = await api.get(`/i/${pictureName(picture)}`);
    expect([shown.status, shown.headers.get('x-cache'), shown.headers.get('cache-control')]).toEqual([
      200,
      'HIT',
      'public, max-age=31536000, immutable',
    ]);
    expect(Buffer.from(await shown.arrayBuffer()).equals(picture)).toBe(true);
    expect(bucket.server.stats.bytesSent).toBe(before);
  });

  it('answers 202 when the bucket does not answer, and stores the picture as soon as it does', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket);
    bucket.server.faults.offline = true;
    const picture = await jpeg(2);
    const job = jobId();
    const answer = await api.put(job, picture);
    expect([answer.status, await answer.json()]).toMatchObject([
      202,
      { state: 'accepted', attempts: 0, error: { code: 'UPSTREAM_UNREACHABLE', transient: true } },
    ]);
    const shown = await api.get(`/i/${pictureName(picture)}`);
    expect([shown.status, shown.headers.get('x-cache')]).toEqual([200, 'HIT']);

    bucket.server.faults.offline = false;
    expect(await (await api.call('POST', `/uploads/${job}/retry`)).json()).toMatchObject({ job_id: job });
    await expect.poll(() => api.check(job, picture)).toMatchObject({ state: 'stored', attempts: 0 });
    // It leaves the disk after it was said to be stored.
    await expect.poll(() => readdir(join(api.outbox, 'bodies'))).toEqual([]);
  });

  it('does not wait where the client prefers that', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket);
    const picture = await jpeg(3);
    const job = jobId();
    const answer = await api.put(job, picture, { Prefer: 'respond-async' });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    await expect.poll(() => api.check(job, picture)).toMatchObject({ state: 'stored' });
  });

  it('is answered with how far it is when it is sent again, and its bytes are not read', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket);
    const picture = await jpeg(4);
    const job = jobId();
    expect((await api.put(job, picture)).status).toBe(201);
    const again = await api.put(job, picture);
    expect([again.status, await again.json()]).toMatchObject([201, { state: 'stored' }]);
    const other = await api.put(job, await jpeg(5));
    expect([other.status, await other.json()]).toMatchObject([409, { code: 'UPLOAD_CONFLICT' }]);
    const twin = await api.put(jobId(), picture);
    expect([twin.status, await twin.json()]).toMatchObject([201, { state: 'stored', sha256: sha256(picture) }]);
  });

  it.each([
    ['other bytes than were announced', 'UPLOAD_DIGEST', 400, { 'Content-Digest': contentDigest(Buffer.from('x')) }],
    ['no digest', 'UPLOAD_DIGEST', 400, { 'Content-Digest': 'md5=:abc=:' }],
    ['a name that is not encoded', 'INVALID_FILENAME', 400, { 'Image-Cache-Filename': '%E4.jpg' }],
    ['a compressed body', 'UNSUPPORTED_MEDIA_TYPE', 415, { 'Content-Encoding': 'gzip' }],
    ['the project of another app', 'OTHER_PROJECT', 409, { 'Image-Cache-Project': 'other' }],
    ['no project', 'PROJECT_MISSING', 400, { 'Image-Cache-Project': '' }],
  ])('refuses %s with a hint, and keeps nothing', async (_, code, status, headers) => {
    const api = await startUploads(await startBucket());
    const answer = await api.put(jobId(), await jpeg(6), headers);
    const problem = await answer.json();
    expect([answer.status, problem]).toMatchObject([status, { code }]);
    expect(await filesIn(api.outbox)).toEqual([]);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'UPLOAD_EMPTY', 400],
    ['a text', Buffer.from('just a text'), 'UPLOAD_NOT_AN_IMAGE', 415],
    [
      'an SVG, which may hold scripts',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'UPLOAD_NOT_AN_IMAGE',
      415,
    ],
    ['a large file', Buffer.alloc(200_000, 1), 'UPLOAD_TOO_LARGE', 413],
  ])('refuses %s with a hint, and keeps nothing', async (_, bytes, code, status) => {
    const api = await startUploads(await startBucket(), { uploads: { maxFileSize: 100_000 } });
    const answer = await api.put(jobId(), bytes);
    expect([answer.status, await answer.json()]).toMatchObject([status, { code, hint: expect.any(String) }]);
    expect(await filesIn(api.outbox)).toEqual([]);
  });

  it('refuses a body in chunks as soon as it is too long, and the answer is read', async () => {
    const api = await startUploads(await startBucket(), { uploads: { maxFileSize: 100_000 } });
    const body = new Blob([Buffer.alloc(3_000_000, 1)]).stream();
    const init = { method: 'PUT', headers: uploadHeaders(Buffer.from('x')), body, duplex: 'half' } as RequestInit;
    const answer = await fetch(`${api.base}/uploads/${jobId()}`, init);
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'UPLOAD_TOO_LARGE' }]);
  });

  it('over HTTP/2, which Vite speaks under https', async () => {
    const api = await startUploads(await startBucket());
    const session = await http2Session(api.images.router);
    const [picture, job] = [await jpeg(20), jobId()];
    const headers = { ':path': `/uploads/${job}`, ':method': 'PUT', ...uploadHeaders(picture) };
    const stream = session.request(headers);
    stream.end(picture);
    const [answer] = (await once(stream, 'response')) as [{ ':status': number }]; // as Node documents it
    expect(answer[':status']).toBe(201);
    expect(await api.check(job, picture)).toMatchObject({ state: 'stored' });

    const refused = session.request({ ...headers, ':path': `/uploads/${jobId()}`, 'image-cache-project': 'other' });
    refused.write(picture);
    const [refusal] = (await once(refused, 'response')) as [{ ':status': number }]; // as above
    expect(refusal[':status']).toBe(409);
  });

  it('C5: keeps nothing of what a client has sent that leaves in the middle', async () => {
    const api = await startUploads(await startBucket());
    const [picture, job] = [await jpeg(21, { width: 400, height: 400 }), jobId()];
    const sent = request(`${api.base}/uploads/${job}`, { method: 'PUT', headers: uploadHeaders(picture) });
    sent.on('error', () => undefined);
    sent.write(picture.subarray(0, 1000));
    await expect.poll(() => readdir(join(api.outbox, 'tmp')).catch(() => [])).toHaveLength(1);
    sent.destroy();
    await expect.poll(() => filesIn(api.outbox)).toEqual([]);
    expect(await api.check(job, picture)).toEqual({ job_id: job, state: 'needed' });
    expect((await api.put(job, picture)).status).toBe(201);
  });

  it('takes a body that the app around it has read already', async () => {
    const api = await startUploads(await startBucket());
    const [picture, job] = [await jpeg(22), jobId()];
    const app = express()
      .use(express.raw({ type: '*/*' }))
      .use('/api/cache', api.images.router);
    const server = app.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const answer = await fetch(`http://127.0.0.1:${port}/api/cache/uploads/${job}`, {
      method: 'PUT',
      headers: uploadHeaders(picture, { 'Content-Type': 'image/jpeg' }),
      body: new Uint8Array(picture),
    });
    expect(answer.status).toBe(201);
  });

  it('takes a cut picture: all of what the client has did come', async () => {
    const api = await startUploads(await startBucket());
    const whole = await jpeg(7, { width: 200, height: 200 });
    expect((await api.put(jobId(), whole.subarray(0, whole.length - 500))).status).toBe(201);
  });

  it('answers 507 OUTBOX_FULL when more would wait than may', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket, { uploads: { maxOutboxSize: 3000 } });
    const small = await jpeg(8);
    expect((await api.put(jobId(), small)).status).toBe(202);
    const answer = await api.put(jobId(), await jpeg(9, { width: 300, height: 300 }));
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
      507,
      '60',
      { code: 'OUTBOX_FULL', hint: 'The reason is in the log of the server.' },
    ]);
    expect(await readdir(join(api.outbox, 'tmp'))).toEqual([]);
  });
});

describe('uploads of an owner', () => {
  const byHeader = (request: IncomingMessage) => String(request.headers['x-user'] ?? '') || false;

  it('cannot be seen or changed by other owners', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket, { authorizeUpload: byHeader });
    const as = (user: string, method: string, path: string, body?: object) =>
      fetch(api.base + path, {
        method,
        headers: { 'Image-Cache-Project': PROJECT, 'X-User': user, 'Content-Type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const picture = await jpeg(10);
    const job = jobId();
    expect((await api.put(job, picture, { 'X-User': 'ann' })).status).toBe(202);
    const refused = await api.put(jobId(), picture);
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'NOT_AUTHORIZED' }]);

    const list = async (user: string) => ((await (await as(user, 'GET', '/uploads')).json()) as UploadsAnswer).jobs;
    expect(await list('ann')).toMatchObject([{ job_id: job, state: 'accepted' }]);
    expect(await list('bob')).toEqual([]);
    const asked = { jobs: [{ job_id: job, sha256: sha256(picture) }] };
    expect(await (await as('bob', 'POST', '/uploads/check', asked)).json()).toEqual({
      jobs: [{ job_id: job, state: 'needed' }],
    });
    for (const [method, path] of [
      ['POST', `/uploads/${job}/retry`],
      ['DELETE', `/uploads/${job}`],
    ] as const) {
      const answer = await as('bob', method, path);
      expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'UPLOAD_UNKNOWN' }]);
    }
    expect((await api.put(job, picture, { 'X-User': 'bob' })).status).toBe(409);
    expect(await (await as('ann', 'DELETE', `/uploads/${job}`)).json()).toEqual({ job_id: job, state: 'canceled' });
    expect(await list('ann')).toMatchObject([{ state: 'canceled' }]);
  });

  it('of whom another tab has signed out meanwhile are not taken for those of who is signed in now', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket, { authorizeUpload: byHeader });
    const picture = await jpeg(30);
    const job = jobId();
    const headers = { 'Image-Cache-Project': PROJECT, 'X-User': 'bob', 'Image-Cache-Owner': encodeURIComponent('änn') };
    const calls: [string, string, Record<string, string>?, BodyInit?][] = [
      ['PUT', `/uploads/${job}`, uploadHeaders(picture), Buffer.from(picture)],
      ['GET', '/uploads'],
      ['DELETE', `/uploads/${job}`],
      ['POST', `/uploads/${job}/retry`],
      ['POST', '/uploads/check', { 'Content-Type': 'application/json' }, JSON.stringify({ jobs: [] })],
    ];
    for (const [method, path, more, body] of calls) {
      const answer = await fetch(api.base + path, { method, headers: { ...headers, ...more }, body: body ?? null });
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 409, { code: 'OTHER_OWNER' }]);
    }
    expect(await filesIn(api.outbox)).toEqual([]);
    expect((await api.put(job, picture, { 'Image-Cache-Owner': 'bob', 'X-User': 'bob' })).status).toBe(202);
    const broken = await api.put(jobId(), picture, { 'Image-Cache-Owner': '%E4', 'X-User': 'bob' });
    expect([broken.status, await broken.json()]).toMatchObject([409, { code: 'OTHER_OWNER' }]);
  });

  it('authorizeUpload is told what is wanted, and what it throws is 500', async () => {
    const told: unknown[] = [];
    const authorizeUpload = (_: unknown, upload: object) => {
      told.push(upload);
      if (told.length > 1) throw new Error('no session');
      return 'ann';
    };
    const api = await startUploads(await startBucket(), { authorizeUpload });
    const picture = await jpeg(11);
    const job = jobId();
    await api.put(job, picture, { 'Image-Cache-Filename': 'a.jpg', 'Content-Type': 'image/jpeg' });
    expect(told).toEqual([
      { action: 'upload', job_id: job, size_bytes: picture.length, content_type: 'image/jpeg', filename: 'a.jpg' },
    ]);
    expect((await api.call('GET', '/uploads')).status).toBe(500);
  });
});

describe('canceling', () => {
  it('removes the picture, also before it has come', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket);
    const [picture, job, late] = [await jpeg(12), jobId(), jobId()];
    await api.put(job, picture);
    expect(await (await api.call('DELETE', `/uploads/${job}`)).json()).toEqual({ job_id: job, state: 'canceled' });
    expect(await readdir(join(api.outbox, 'bodies'))).toEqual([]);

    await api.call('DELETE', `/uploads/${late}`);
    const answer = await api.put(late, picture);
    expect([answer.status, await answer.json()]).toMatchObject([200, { state: 'canceled' }]);
    expect(await readdir(join(api.outbox, 'bodies'))).toEqual([]);
  });

  it('is too late for what is stored', async () => {
    const api = await startUploads(await startBucket());
    const job = jobId();
    await api.put(job, await jpeg(13));
    expect(await (await api.call('DELETE', `/uploads/${job}`)).json()).toEqual({ job_id: job, state: 'stored' });
  });

  it('of one of two uploads of the same bytes leaves the other', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket);
    const [picture, job, twin] = [await jpeg(14), jobId(), jobId()];
    await api.put(job, picture);
    await api.put(twin, picture);
    await api.call('DELETE', `/uploads/${job}`);
    bucket.server.faults.offline = false;
    await api.call('POST', `/uploads/${twin}/retry`);
    await expect.poll(() => api.check(twin, picture)).toMatchObject({ state: 'stored' });
    expect(await api.check(job, picture)).toMatchObject({ state: 'canceled' });
  });
});

describe('what else there is', () => {
  it('says that there are no uploads', async () => {
    const api = await startApi(await startBucket());
    for (const path of ['/uploads', '/uploads/health', `/i/${'0'.repeat(32)}.jpg`]) {
      const answer = await api.get(path);
      expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'UPLOADS_OFF' }]);
    }
  });

  it('GET /uploads/health', async () => {
    const api = await startUploads(await startBucket());
    expect(await (await api.call('GET', '/uploads/health')).json()).toEqual({ ok: true, project: PROJECT });
    expect(await (await api.get('/uploads/health', { 'Image-Cache-Project': 'x' })).json()).toMatchObject({
      code: 'OTHER_PROJECT',
      detail: expect.stringContaining(PROJECT),
    });
  });

  it('POST /uploads/check takes at most 100', async () => {
    const api = await startUploads(await startBucket());
    const jobs = Array.from({ length: 101 }, () => ({ job_id: jobId(), sha256: '0'.repeat(64) }));
    expect((await api.call('POST', '/uploads/check', { jobs })).status).toBe(400);
    const { length } = (
      (await (await api.call('POST', '/uploads/check', { jobs: jobs.slice(1) })).json()) as UploadsAnswer
    ).jobs;
    expect(length).toBe(100);
    expect((await api.call('PUT', '/uploads/x')).status).toBe(400);
  });

  it('13: of an unknown reference it says that the picture may still be on another device', async () => {
    const api = await startUploads(await startBucket());
    const answer = await api.get(`/i/${'0'.repeat(32)}.jpg`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'UPSTREAM_NOT_FOUND',
      hint: expect.stringContaining('may still be on the device on which it was picked'),
    });
  });

  it('C10: clearing the cache keeps what is pending, says so, and it is shown all the same', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket);
    const picture = await jpeg(15);
    await api.put(jobId(), picture);
    expect(await (await api.post('/clear-all')).json()).toMatchObject({ cleared: 1, pending_uploads: 1 });
    await rm(api.dir, { recursive: true, force: true, maxRetries: 10 });
    const shown = await api.get(`/i/${pictureName(picture)}`);
    expect([shown.status, Buffer.from(await shown.arrayBuffer()).equals(picture)]).toEqual([200, true]);
  });

  it('a pending picture is never asked for in the bucket, and a stored one has its ETag', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket, { revalidate: 1 });
    const picture = await jpeg(16);
    const job = jobId();
    const s3_url = `s3://photos/${keyOf(picture)}`;
    await api.put(job, picture);
    const revalidate = () => api.get(`${imageUrl(s3_url)}&revalidate=true`);
    expect([(await revalidate()).headers.get('x-cache'), bucket.server.stats.requests > 0]).toEqual([
      'REVALIDATED',
      true,
    ]);
    bucket.server.faults.offline = false;
    await api.call('POST', `/uploads/${job}/retry`);
    await expect.poll(() => api.check(job, picture)).toMatchObject({ state: 'stored' });
    const before = bucket.server.stats.bytesSent;
    expect((await revalidate()).headers.get('x-cache')).toBe('REVALIDATED');
    expect(bucket.server.stats.bytesSent).toBe(before);
    const entry = await api.images.cache.find(s3_url);
    expect(entry?.etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it('a picture by its reference is refused where `authorize` refuses its key', async () => {
    const asked: string[] = [];
    const api = await startUploads(await startBucket(), {
      authorize: (_, { bucket, key }) => asked.push(`${bucket}/${key}`) > 1,
    });
    const picture = await jpeg(17);
    await api.put(jobId(), picture);
    expect((await api.get(`/i/${pictureName(picture)}`)).status).toBe(403);
    expect(asked[0]).toBe(`photos/${keyOf(picture)}`);
    const shown = await api.get(`/i/${pictureName(picture)}`);
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
  });

  it('pictures by UUID are read as well, and other names are refused', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket);
    const uuid = '0f9bdc5c-0a5f-4b3e-8d4b-3c4a8f6c9a11';
    bucket.server.put('photos', `uploads/0f/${uuid}.jpg`, await jpeg(18), { contentType: 'image/jpeg' });
    const shown = await api.get(`/i/${uuid}.jpg`);
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    for (const name of ['x.jpg', '..%2Fa.jpg', '0'.repeat(32), `${'0'.repeat(31)}.jpg`]) {
      expect((await api.get(`/i/${name}`)).status).toBe(400);
    }
    expect((await api.get(`/i/${uuid}.jpg?w=16`)).status).toBe(200);
    expect((await api.get(`/i/${uuid}.jpg?url=x`)).status).toBe(400);
  });

  it('another origin may upload where it is allowed', async () => {
    const api = await startUploads(await startBucket(), { allowedOrigins: ['https://app.example.com'] });
    const preflight = await fetch(`${api.base}/uploads/${jobId()}`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'PUT' },
    });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Image-Cache-Project');
    const foreign = await api.put(jobId(), await jpeg(19), { Origin: 'https://evil.example.com' });
    expect(foreign.status).toBe(403);
  });
});
