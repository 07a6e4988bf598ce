import { readdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuthorizedUpload, CacheEvent, UploadFindAnswer, UploadRemoveAnswer } from '../../plugin/express.ts';
import { objectsIn } from '../helpers/bucketObjects.ts';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { jobId, keyOf, pictureName, startUploads } from '../helpers/uploads.ts';

const entity = { type: 'note', id: '42' };
const entityHeader = { 'Image-Cache-Entity': 'note/42' };

describe('the entity of an upload', () => {
  it('is in its status, whatever characters it has', async () => {
    const api = await startUploads(await startBucket());
    const picture = await jpeg(1);
    const strange = { type: 'note/a b', id: '../Düne %2F' };
    const header = `${encodeURIComponent(strange.type)}/${encodeURIComponent(strange.id)}`;
    const answer = await api.put(jobId(), picture, { 'Image-Cache-Entity': header });
    expect([answer.status, await answer.json()]).toMatchObject([201, { entity: strange }]);
  });

  it.each([
    ['no id', 'note'],
    ['an empty id', 'note/'],
    ['three parts', 'note/1/2'],
    ['broken UTF-8', 'note/%E4'],
    ['a control character', 'note/%00'],
    ['201 characters', `note/${'x'.repeat(201)}`],
  ])('is refused with %s', async (_, header) => {
    const api = await startUploads(await startBucket());
    const answer = await api.put(jobId(), await jpeg(2), { 'Image-Cache-Entity': header });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { code: 'ENTITY_INVALID', hint: expect.any(String) },
    ]);
  });

  it('may be sent by a page of another origin that is allowed', async () => {
    const api = await startUploads(await startBucket(), { allowedOrigins: ['https://app.example.com'] });
    const preflight = await fetch(`${api.base}/uploads/${jobId()}`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'PUT' },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Image-Cache-Entity');
  });
});

describe('POST /uploads/remove', () => {
  it('cancels what is pending of that entity, and nothing of another one', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket);
    const picture = await jpeg(3);
    const [job, other, late] = [jobId(), jobId(), jobId()];
    await api.put(job, picture, entityHeader);
    await api.put(other, picture, { 'Image-Cache-Entity': 'note/43' });
    const answer = await api.call('POST', '/uploads/remove', {
      entity,
      images: [{ name: pictureName(picture) }],
      job_ids: [late],
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { images: [{ name: pictureName(picture), state: 'kept', reason: expect.stringContaining('deletes nothing') }] },
    ]);
    expect(await api.check(job, picture)).toMatchObject({ state: 'canceled' });
    expect(await api.check(other, picture)).toMatchObject({ state: 'accepted' });
    expect(await readdir(join(api.outbox, 'bodies'))).toEqual([pictureName(picture)]);
    const refused = await api.put(late, await jpeg(4), entityHeader);
    expect([refused.status, await refused.json()]).toMatchObject([200, { state: 'canceled' }]);
  });

  it('is asked of `authorizeUpload`, and cancels nothing of another owner', async () => {
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const told: AuthorizedUpload[] = [];
    const api = await startUploads(bucket, {
      authorizeUpload: (request: IncomingMessage, upload) => {
        told.push(upload);
        return String(request.headers['x-user'] ?? 'bob');
      },
    });
    const picture = await jpeg(5);
    const job = jobId();
    await api.put(job, picture, { ...entityHeader, 'X-User': 'ann' });
    const images = [{ name: pictureName(picture) }];
    expect((await api.call('POST', '/uploads/remove', { entity, images, job_ids: [job] })).status).toBe(200);
    expect(told).toMatchObject([
      { action: 'upload', entity },
      { action: 'remove', entity },
    ]);
    expect(await readdir(join(api.outbox, 'bodies'))).toEqual([pictureName(picture)]);
  });

  it('deletes what nothing uses any more from the bucket and from the cache, and tells the pages', async () => {
    const bucket = await startBucket();
    const uploads = { references: 'bucket', gracePeriod: 0 } as const;
    const [api, other] = [await startUploads(bucket, { uploads }), await startUploads(bucket, { uploads })];
    const picture = await jpeg(6);
    const images = [{ name: pictureName(picture) }];
    const job = jobId();
    await api.put(job, picture, entityHeader);
    await other.put(jobId(), picture, { 'Image-Cache-Entity': 'note/43' });
    expect((await api.get(`/i/${pictureName(picture)}?w=16`)).status).toBe(200);
    const events: CacheEvent[] = [];
    api.images.cache.onEvent((event) => events.push(event));
    const remove = async (id: string): Promise<UploadRemoveAnswer> =>
      (await api.call('POST', '/uploads/remove', { entity: { type: 'note', id }, images })).json();

    expect(await remove('42')).toMatchObject({ images: [{ state: 'kept', reason: expect.any(String) }] });
    expect((await api.get(`/i/${pictureName(picture)}`)).status).toBe(200);
    expect(await remove('43')).toEqual({ images: [{ name: pictureName(picture), state: 'deleted' }] });
    expect(await remove('43')).toEqual({ images: [{ name: pictureName(picture), state: 'deleted' }] });

    const s3_url = `${bucket.server.endpoint}/photos/${keyOf(picture)}`;
    expect(events).toEqual([{ type: 'invalidated', s3_urls: [s3_url] }]);
    const gone = await api.get(`/i/${pictureName(picture)}`);
    expect([gone.status, await gone.json()]).toMatchObject([404, { code: 'UPSTREAM_NOT_FOUND' }]);
    expect((await api.get(`/i/${pictureName(picture)}?w=16`)).status).toBe(404);
    expect(await objectsIn(bucket)).toEqual([]);
    // It may come again.
    expect((await api.put(jobId(), picture, entityHeader)).status).toBe(201);
    expect(await objectsIn(bucket)).toEqual([
      keyOf(picture),
      expect.stringMatching(/^uploads\/refs\/[0-9a-f]{32}\/[0-9a-f]{32}(?:-[0-9a-f]{32}){2}$/),
    ]);
  });

  it('takes back exactly the uploads that were found, and none that came after that', async () => {
    const bucket = await startBucket();
    const uploads = { references: 'bucket', gracePeriod: 0 } as const;
    const [api, other] = [await startUploads(bucket, { uploads }), await startUploads(bucket, { uploads })];
    const picture = await jpeg(10);
    const asked = { entity, images: [{ name: pictureName(picture) }] };
    const jobs = [jobId(), jobId(), jobId()];
    await api.put(jobs[0] ?? '', picture, entityHeader);
    await other.put(jobs[1] ?? '', picture, entityHeader);
    const found = (await (await api.call('POST', '/uploads/find', asked)).json()) as UploadFindAnswer;
    expect([found.job_ids.toSorted(), found.is_complete]).toEqual([jobs.slice(0, 2).toSorted(), true]);
    await other.put(jobs[2] ?? '', picture, entityHeader);
    const remove = async (job_ids: string[]): Promise<UploadRemoveAnswer> =>
      (await api.call('POST', '/uploads/remove', { ...asked, job_ids, exact: true })).json();
    expect(await remove(found.job_ids)).toMatchObject({ images: [{ state: 'kept' }] });
    expect(await objectsIn(bucket)).toContainEqual(expect.stringContaining(jobs[2] ?? ''));
    expect(await remove(jobs)).toMatchObject({ images: [{ state: 'deleted' }] });
    expect(await objectsIn(bucket)).toEqual([]);
  });

  it('finds and takes back nothing of another owner, whatever ids a client makes up', async () => {
    const bucket = await startBucket();
    const told: AuthorizedUpload[] = [];
    const api = await startUploads(bucket, {
      uploads: { references: 'bucket', gracePeriod: 0 },
      authorizeUpload: (request: IncomingMessage, upload) => {
        told.push(upload);
        return String(request.headers['x-user'] ?? 'bob');
      },
    });
    const picture = await jpeg(11);
    const job = jobId();
    await api.put(job, picture, { ...entityHeader, 'X-User': 'ann' });
    const asked = { entity, images: [{ name: pictureName(picture) }] };
    expect(await (await api.call('POST', '/uploads/find', asked)).json()).toEqual({ job_ids: [], is_complete: true });
    await api.call('POST', '/uploads/remove', { ...asked, job_ids: [job], exact: true });
    expect(await objectsIn(bucket)).toEqual([keyOf(picture), expect.stringContaining(job)]);
    expect(told.slice(1)).toEqual([
      { action: 'remove', entity },
      { action: 'remove', entity },
    ]);
  });

  it('of another owner deletes nothing', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, {
      uploads: { references: 'bucket', gracePeriod: 0 },
      authorizeUpload: (request: IncomingMessage) => String(request.headers['x-user'] ?? 'bob'),
    });
    const picture = await jpeg(7);
    await api.put(jobId(), picture, { ...entityHeader, 'X-User': 'ann' });
    const answer = await api.call('POST', '/uploads/remove', { entity, images: [{ name: pictureName(picture) }] });
    expect(await answer.json()).toMatchObject({ images: [{ state: 'kept' }] });
    expect(await objectsIn(bucket)).toContain(keyOf(picture));
  });

  it('answers 502 when the bucket is away, and then the client asks again', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads: { references: 'bucket' } });
    const picture = await jpeg(8);
    await api.put(jobId(), picture, entityHeader);
    const body = { entity, images: [{ name: pictureName(picture) }] };
    bucket.server.faults.offline = true;
    const failed = await api.call('POST', '/uploads/remove', body);
    expect([failed.status, await failed.json()]).toMatchObject([502, { code: 'UPSTREAM_UNREACHABLE' }]);
    bucket.server.faults.offline = false;
    const { images } = (await (await api.call('POST', '/uploads/remove', body)).json()) as UploadRemoveAnswer;
    expect(images).toMatchObject([{ state: 'dropped' }]);
    const inAWeek = Date.now() + 7 * 24 * 3_600_000;
    expect(Math.abs((images[0]?.due_at ?? 0) - inAWeek)).toBeLessThan(60_000);
  });

  it('asks the app where it says what is used', async () => {
    const used = new Set<string>();
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads: { isReferenced: (imageId) => used.has(imageId) } });
    const picture = await jpeg(9);
    const name = pictureName(picture);
    await api.put(jobId(), picture, entityHeader);
    used.add(name.slice(0, 32));
    const remove = async (): Promise<UploadRemoveAnswer> =>
      (await api.call('POST', '/uploads/remove', { entity, images: [{ name }] })).json();
    expect(await remove()).toMatchObject({ images: [{ state: 'kept' }] });
    used.clear();
    const { images } = await remove();
    expect(images).toMatchObject([{ state: 'dropped', due_at: expect.any(Number) }]);
    expect(await remove()).toEqual({ images });
    expect(await objectsIn(bucket)).toEqual([keyOf(picture), `uploads/dropped/${name}`].toSorted());
  });

  it.each([
    ['no entity', { images: [] }, 'INVALID_BODY'],
    ['an entity without an id', { entity: { type: 'note', id: '' }, images: [] }, 'ENTITY_INVALID'],
    ['a name that leaves the folder', { entity, images: [{ name: '../../x.jpg' }] }, 'INVALID_BODY'],
    ['a key in place of a name', { entity, images: [{ name: `uploads/00/${'0'.repeat(32)}.jpg` }] }, 'INVALID_BODY'],
    [
      'a thousand and one',
      { entity, images: Array.from({ length: 1001 }, () => ({ name: `${'0'.repeat(32)}.jpg` })) },
      'INVALID_BODY',
    ],
    ['a wrong job id', { entity, images: [], job_ids: ['x'] }, 'INVALID_BODY'],
  ])('refuses %s', async (_, body, code) => {
    const api = await startUploads(await startBucket());
    const answer = await api.call('POST', '/uploads/remove', body);
    expect([answer.status, await answer.json()]).toMatchObject([400, { code }]);
  });
});
