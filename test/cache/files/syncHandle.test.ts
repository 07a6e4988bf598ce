import type * as fs from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { syncHandle, syncHandleData } from '../../../plugin/cache/files/syncHandle.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { jpeg } from '../../helpers/images.ts';
import { imageUrl, startApi, startBucket } from '../../helpers/stack.ts';

vi.mock(import('node:fs/promises'), async (importOriginal) => withYarnsHandles(await importOriginal()));

/** As under Yarn's Plug'n'Play (Yarn 4.18): handles whose `sync` and `datasync` are not there. */
function withYarnsHandles(real: typeof fs): typeof fs {
  const notImplemented = () => Promise.reject(new Error('Method not implemented.'));
  return {
    ...real,
    open: async (...args) =>
      Object.assign(await real.open(...args), { sync: notImplemented, datasync: notImplemented }),
  };
}

it("E3: an image is stored, synced and read again with the file handles of Yarn's Plug'n'Play", async () => {
  const bucket = await startBucket();
  const picture = await jpeg(1);
  bucket.server.put('photos', 'a.jpg', picture);
  const api = await startApi(bucket, { durability: 'full' });
  for (const expected of ['MISS', 'HIT']) {
    const answer = await api.get(imageUrl(await bucket.presign('a.jpg')));
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, expected]);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(picture);
  }
  await api.images.close(); // writes the manifest
});

it('E3: an error of the file system is still thrown', async () => {
  const file = await open(join(await temporaryDirectory(), 'file'), 'w');
  await syncHandle(file);
  await syncHandleData(file);
  await file.close();
  const refused = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  const broken = Object.assign(file, { sync: () => Promise.reject(refused) });
  await expect(syncHandle(broken)).rejects.toBe(refused);
  await expect(syncHandleData(file)).rejects.toThrow(); // closed: there is no descriptor any more
});
