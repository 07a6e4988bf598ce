import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it, vi } from 'vitest';
import { outboxPicture } from '../../components/sw/outboxPicture.ts';
import { createOutbox } from '../../components/uploads/outbox/createOutbox.ts';
import type { StoredJob } from '../../components/uploads/queue/storedJob.ts';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

const IMAGE = '0123456789abcdef0123456789abcdef';
const job: StoredJob = {
  jobId: '1',
  owner: 'anna',
  state: 'prepared',
  revision: 1,
  filename: 'a.png',
  type: 'image/png',
  size: 3,
  createdAt: 1,
  heldBytes: 3,
  body: { sha256: IMAGE.repeat(2), imageId: IMAGE, ext: 'png' },
  prepareStarts: 0,
  attempts: 0,
};

it('finds the picture in the outboxes of all projects, as uploads keep it', async () => {
  for (const project of ['empty', 'notes']) {
    const outbox = createOutbox(project);
    if (project === 'notes') await outbox.add(job, new Uint8Array([1, 2, 3]).buffer, 1_000);
    else await outbox.jobs();
    await outbox.close();
  }
  const found = await outboxPicture(IMAGE);
  expect(found).toMatchObject({ size: 3, type: 'image/png' });
  expect(await outboxPicture('1'.repeat(32))).toBeUndefined();
});

it('opens no database that is not there, and none of others', async () => {
  await new Promise((resolve) => indexedDB.open('notes', 7).addEventListener('success', resolve));
  expect(await outboxPicture(IMAGE)).toBeUndefined();
  expect(await indexedDB.databases()).toEqual([{ name: 'notes', version: 7 }]);
});
