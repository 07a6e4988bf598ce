import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it, vi } from 'vitest';
import { observeOutboxes } from '../../../components/uploads/observeOutboxes.ts';
import { createOutbox } from '../../../components/uploads/outbox/createOutbox.ts';
import type { StoredJob } from '../../../components/uploads/queue/storedJob.ts';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

const job = (jobId: string, more: Partial<StoredJob> = {}): StoredJob => ({
  jobId,
  owner: '',
  state: 'failed',
  revision: 1,
  filename: `${jobId}.jpg`,
  type: 'image/jpeg',
  size: 3,
  createdAt: Number(jobId),
  heldBytes: 3,
  prepareStarts: 0,
  attempts: 6,
  ...more,
});

async function fill(project: string, ...jobs: StoredJob[]): Promise<void> {
  const outbox = createOutbox(project);
  for (const each of jobs) await outbox.add(each, new Uint8Array([1, 2, 3]).buffer, 1000);
  await outbox.close();
}

it('lists the pictures of all projects, the newest first', async () => {
  await fill('a', job('1'), job('3', { owner: 'ada' }));
  await fill('b', job('2'));
  const observer = observeOutboxes();
  const list = await observer.list();
  expect(list.map(({ project, jobId, hasBytes }) => [project, jobId, hasBytes])).toEqual([
    ['a', '3', true],
    ['b', '2', true],
    ['a', '1', true],
  ]);
  await observer.close();
});

it('leaves nothing behind where there was nothing', async () => {
  const observer = observeOutboxes();
  expect(await observer.list()).toEqual([]);
  await observer.close();
  expect(await indexedDB.databases()).toEqual([]);
});

it('begins one anew, discards another with its bytes, and sends neither', async () => {
  await fill('a', job('1'), job('2'));
  const told: unknown[] = [];
  const env = {
    openPort: (name: string) => ({ post: (message: object) => void told.push([name, message]), close() {} }),
  };
  const observer = observeOutboxes(undefined, env as never); // nothing else is used
  const [second, first] = await observer.list();
  if (!first || !second) throw new Error('there are two');
  await observer.retry(first);
  await observer.discard(second);
  const list = await observer.list();
  expect(list.map(({ state, hasBytes, attempts }) => [state, hasBytes, attempts])).toEqual([
    ['canceled', false, 6],
    ['staged', true, 0],
  ]);
  expect(await observer.bytesOf(second)).toBeUndefined();
  expect(told).toContainEqual(['image-cache-uploads:a:', { type: 'insist' }]);
  await observer.close();
});
