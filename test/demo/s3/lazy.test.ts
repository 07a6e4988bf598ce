import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, test, vi } from 'vitest';
import { BUCKET, clientOf, deferred, refusal, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'lazy.jpg' };

test('a lazy object is made once, however many ask for it at once', async () => {
  const s3 = await startS3();
  const { promise, resolve } = deferred<Uint8Array>();
  const produce = vi.fn(() => promise);
  s3.putLazy(BUCKET, 'lazy.jpg', { contentType: 'image/jpeg', produce });
  expect(produce).not.toHaveBeenCalled();

  const client = clientOf(s3);
  const reads = Array.from({ length: 10 }, () => client.send(new GetObjectCommand(object)));
  await vi.waitFor(() => expect(s3.stats.gets).toBe(10));
  resolve(Buffer.from('made'));
  const bodies = await Promise.all(reads.map(async (read) => (await read).Body?.transformToString()));
  expect(bodies).toEqual(Array.from({ length: 10 }, () => 'made'));
  const head = await client.send(new HeadObjectCommand(object));
  expect([head.ContentLength, head.ContentType]).toEqual([4, 'image/jpeg']);
  expect(produce).toHaveBeenCalledOnce();
});

test('a listing makes what it lists, and nothing else', async () => {
  const s3 = await startS3();
  const produce = vi.fn(async () => Buffer.from('made'));
  for (let i = 0; i < 10; i++) s3.putLazy(BUCKET, `k${i}`, { contentType: 'image/jpeg', produce });
  const listing = await clientOf(s3).send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 6 }));
  expect(listing.Contents?.map(({ Size }) => Size)).toEqual([4, 4, 4, 4, 4, 4]);
  expect(produce).toHaveBeenCalledTimes(6);
});

test('a failure is answered, and not remembered', async () => {
  const s3 = await startS3();
  const produce = vi.fn(async () => Buffer.from('made')).mockRejectedValueOnce(new Error('no more paint'));
  s3.putLazy(BUCKET, 'lazy.jpg', { contentType: 'image/jpeg', produce });
  const first = clientOf(s3).send(new GetObjectCommand(object));
  await expect(first).rejects.toMatchObject({ name: 'InternalError', Cause: 'no more paint' });
  const second = await clientOf(s3).send(new GetObjectCommand(object));
  expect(await second.Body?.transformToString()).toBe('made');
});

test('an object deleted while it is made stays deleted', async () => {
  const s3 = await startS3();
  const { promise, resolve } = deferred<Uint8Array>();
  s3.putLazy(BUCKET, 'lazy.jpg', { contentType: 'image/jpeg', produce: () => promise });
  const client = clientOf(s3);
  const reading = client.send(new GetObjectCommand(object));
  await vi.waitFor(() => expect(s3.stats.gets).toBe(1));
  await client.send(new DeleteObjectCommand(object));
  resolve(Buffer.from('made'));
  expect(await (await reading).Body?.transformToString()).toBe('made');
  expect(await refusal(client.send(new HeadObjectCommand(object)))).toBe('404 NotFound');
});
