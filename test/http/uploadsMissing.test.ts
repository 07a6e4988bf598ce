import { describe, expect, it, vi } from 'vitest';
import { objectsIn, removeObject } from '../helpers/bucketObjects.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startBucket } from '../helpers/stack.ts';
import { jobId, keyOf, pictureName, startUploads, type UploadsApi } from '../helpers/uploads.ts';

const entityHeader = { 'Image-Cache-Entity': 'note/42' };

/** A picture that is cached, and that somebody has removed from the bucket. */
async function removedPicture(api: UploadsApi, bucket: Bucket, n: number): Promise<Buffer> {
  const picture = await jpeg(n);
  await api.put(jobId(), picture, entityHeader);
  await removeObject(bucket, keyOf(picture));
  return picture;
}

/** Asks the bucket whether the picture has changed. */
const revalidate = (api: UploadsApi, picture: Buffer) =>
  api.get(`${imageUrl(`s3://photos/${keyOf(picture)}`)}&revalidate=true`);

describe('C28: a picture that somebody has removed from the bucket', () => {
  it('is reported once, and served on', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const bucket = await startBucket();
    const api = await startUploads(bucket, { logLevel: 'warn' });
    const picture = await removedPicture(api, bucket, 30);
    for (let n = 0; n < 3; n += 1) await revalidate(api, picture);
    const lines = () => warn.mock.calls.flat().filter((line) => String(line).includes('not in the bucket any more'));
    await expect.poll(lines).toEqual([expect.stringContaining('`uploads.restoreMissing`')]);
    expect(lines()[0]).toContain(keyOf(picture));
    const shown = await api.get(`/i/${pictureName(picture)}`);
    expect([shown.status, shown.headers.get('x-cache')]).toEqual([200, 'HIT']);
    expect(await objectsIn(bucket)).toEqual([]);
    warn.mockRestore();
  });

  it.each([
    ['without references', {}],
    ['while its reference is there', { references: 'bucket' as const }],
    ['while the app uses it', { isReferenced: () => true }],
  ])('is put back with `restoreMissing`, %s', async (_, option) => {
    const bucket = await startBucket();
    const api = await startUploads(bucket, { uploads: { restoreMissing: true, ...option } });
    const picture = await removedPicture(api, bucket, 31);
    await revalidate(api, picture);
    await expect.poll(() => objectsIn(bucket)).toContain(keyOf(picture));
    expect((await revalidate(api, picture)).status).toBe(200);
  });

  it('is not put back when nothing uses it any more: it was deleted on purpose, by another server', async () => {
    const bucket = await startBucket();
    const uploads = { references: 'bucket', gracePeriod: 0, restoreMissing: true } as const;
    const [api, other] = [await startUploads(bucket, { uploads }), await startUploads(bucket, { uploads })];
    const picture = await jpeg(32);
    await api.put(jobId(), picture, entityHeader);
    const images = [{ name: pictureName(picture) }];
    await other.call('POST', '/uploads/remove', { entity: { type: 'note', id: '42' }, images });
    await revalidate(api, picture);
    await api.images.close();
    expect(await objectsIn(bucket)).toEqual([]);
  });
});
