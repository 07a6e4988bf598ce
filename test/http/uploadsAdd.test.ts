import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { AuthorizedUpload, UploadRemoveAnswer } from '../../plugin/express.ts';
import { createReferenceKeys } from '../../plugin/uploads/referenceKeys.ts';
import { objectsIn, putObject } from '../helpers/bucketObjects.ts';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { jobId, keyOf, pictureName, PROJECT, startUploads } from '../helpers/uploads.ts';

const note = { type: 'note', id: '1' };
const other = { type: 'note', id: '2' };
const noteHeader = { 'Image-Cache-Entity': 'note/1' };
const uploads = { references: 'bucket', gracePeriod: 0 } as const;

describe('POST /uploads/add', () => {
  it('gives a picture of the bucket to one more entity, also twice, and it stays when the first one drops it', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads });
    const picture = await jpeg(1);
    const name = pictureName(picture);
    await api.put(jobId(), picture, noteHeader);
    const asked = { job_id: jobId(), entity: other, image: { name } };
    for (let times = 0; times < 2; times += 1) {
      const answer = await api.call('POST', '/uploads/add', asked);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          job_id: asked.job_id,
          state: 'stored',
          entity: other,
          image_id: name.slice(0, 32),
          ref: `/api/cache/i/${name}`,
          s3_url: `${bucket.server.endpoint}/photos/${keyOf(picture)}`,
        },
      ]);
    }
    const remove = async (entity: typeof note): Promise<UploadRemoveAnswer> =>
      (await api.call('POST', '/uploads/remove', { entity, images: [{ name }] })).json();
    expect(await remove(note)).toMatchObject({ images: [{ state: 'kept' }] });
    expect(await objectsIn(bucket)).toContain(keyOf(picture));
    expect(await remove(other)).toMatchObject({ images: [{ state: 'deleted' }] });
    expect(await objectsIn(bucket)).toEqual([]);
  });

  it('takes a removal back in the grace period', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads: { references: 'bucket' } });
    const picture = await jpeg(2);
    const images = [{ name: pictureName(picture) }];
    await api.put(jobId(), picture, noteHeader);
    await api.call('POST', '/uploads/remove', { entity: note, images });
    const asked = { job_id: jobId(), entity: note, image: images[0] };
    expect(await (await api.call('POST', '/uploads/add', asked)).json()).toMatchObject({ state: 'stored' });
    const found = await (await api.call('POST', '/uploads/find', { entity: note, images })).json();
    expect(found).toEqual({ job_ids: [asked.job_id], is_complete: true });
  });

  it('is asked of `authorizeUpload`, with the picture and the entity, and is of the owner that it names', async () => {
    const told: AuthorizedUpload[] = [];
    const bucket = await startBucket();
    const api = await startUploads(bucket, {
      uploads,
      authorizeUpload: (request: IncomingMessage, upload) => {
        told.push(upload);
        return upload.action === 'add' && request.headers['x-user'] === undefined ? false : 'ann';
      },
    });
    const picture = await jpeg(3);
    const name = pictureName(picture);
    await api.put(jobId(), picture, noteHeader);
    const asked = { job_id: jobId(), entity: other, image: { name } };
    const answer = await api.call('POST', '/uploads/add', asked);
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'NOT_AUTHORIZED' }]);
    expect(told.at(-1)).toEqual({ action: 'add', job_id: asked.job_id, entity: other, image_name: name });
    expect((await objectsIn(bucket)).join()).not.toContain(asked.job_id);
  });

  it('writes nothing for a picture that the bucket does not have, and says so', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads });
    const asked = { job_id: jobId(), entity: note, image: { name: pictureName(await jpeg(4)) } };
    const answer = await api.call('POST', '/uploads/add', asked);
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { code: 'UPLOAD_UNKNOWN', detail: 'The bucket does not have this picture.' },
    ]);
    expect(await objectsIn(bucket)).toEqual([]);
  });

  it('is refused when it was canceled or removed before, however late it comes, and never takes the id of another upload', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads });
    const picture = await jpeg(5);
    const image = { name: pictureName(picture) };
    const [stored, canceled, removed] = [jobId(), jobId(), jobId()];
    await api.put(stored, picture, noteHeader);
    await api.call('DELETE', `/uploads/${canceled}`);
    await api.call('POST', '/uploads/remove', { entity: other, images: [image], job_ids: [removed], exact: true });
    for (const job_id of [canceled, removed]) {
      const answer = await api.call('POST', '/uploads/add', { job_id, entity: other, image });
      expect(await answer.json()).toEqual({ job_id, state: 'canceled' });
    }
    const answer = await api.call('POST', '/uploads/add', { job_id: stored, entity: other, image });
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: 'UPLOAD_CONFLICT' }]);
    expect(await objectsIn(bucket)).toEqual([keyOf(picture), expect.stringContaining(stored)]);
  });

  it('is answered 502 while somebody deletes the picture, and while the bucket is away', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads });
    const picture = await jpeg(6);
    const name = pictureName(picture);
    await api.put(jobId(), picture, noteHeader);
    await putObject(bucket, createReferenceKeys('uploads', PROJECT).flag(name.slice(0, 32)));
    const asked = { job_id: jobId(), entity: other, image: { name } };
    const held = await api.call('POST', '/uploads/add', asked);
    expect([held.status, await held.json()]).toMatchObject([502, { code: 'UPSTREAM_ERROR' }]);
    bucket.server.faults.offline = true;
    expect((await api.call('POST', '/uploads/add', asked)).status).toBe(502);
  });

  it('only looks whether the picture is there, where nothing is ever deleted', async () => {
    const bucket = await startBucket();
    const api = await startUploads(bucket);
    const picture = await jpeg(7);
    await api.put(jobId(), picture, noteHeader);
    const asked = { job_id: jobId(), entity: other, image: { name: pictureName(picture) } };
    expect(await (await api.call('POST', '/uploads/add', asked)).json()).toMatchObject({ state: 'stored' });
    expect(await objectsIn(bucket)).toEqual([keyOf(picture)]);
  });

  it.each([
    ['no entity', { entity: undefined }, 'INVALID_BODY'],
    ['an entity without an id', { entity: { type: 'note', id: '' } }, 'ENTITY_INVALID'],
    ['a name that leaves the folder', { image: { name: '../../x.jpg' } }, 'INVALID_BODY'],
    ['a name of an earlier app', { image: { name: '01234567-89ab-cdef-0123-456789abcdef.jpg' } }, 'INVALID_BODY'],
    ['a wrong job id', { job_id: '../x' }, 'INVALID_BODY'],
  ])('refuses %s', async (_, wrong, code) => {
    const api = await startUploads(await startBucket());
    const right = { job_id: jobId(), entity: note, image: { name: `${'0'.repeat(32)}.jpg` } };
    const answer = await api.call('POST', '/uploads/add', { ...right, ...wrong });
    expect([answer.status, await answer.json()]).toMatchObject([400, { code }]);
  });
});
