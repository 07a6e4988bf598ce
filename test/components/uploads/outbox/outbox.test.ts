// @vitest-environment node
import * as fakeIndexedDb from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createOutbox } from '../../../../components/uploads/outbox/createOutbox.ts';
import { openDatabase } from '../../../../components/uploads/outbox/openDatabase.ts';
import type { StoredJob } from '../../../../components/uploads/queue/storedJob.ts';

beforeEach(() => {
  for (const [name, value] of Object.entries(fakeIndexedDb)) {
    if (name.startsWith('IDB')) vi.stubGlobal(name, value);
  }
  vi.stubGlobal('indexedDB', new fakeIndexedDb.IDBFactory());
});
afterEach(() => vi.restoreAllMocks());

const bytes = new TextEncoder().encode('a picture').buffer;

function jobOf(jobId: string): StoredJob {
  return {
    jobId,
    owner: '',
    state: 'staged',
    revision: 1,
    filename: 'a.jpg',
    type: 'image/jpeg',
    size: bytes.byteLength,
    createdAt: 1,
    heldBytes: bytes.byteLength,
    prepareStarts: 0,
    attempts: 0,
  };
}

test('the database has the project in its name: all projects on a localhost port share an origin', async () => {
  await createOutbox('shop').add(jobOf('1'), bytes, 1e9);
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['image-cache-uploads:shop']);
});

test('I2: it resolves when the transaction is complete, and on the disk unless it can be repeated', async () => {
  const transactions: IDBTransactionOptions[] = [];
  const events: string[] = [];
  const { transaction } = fakeIndexedDb.IDBDatabase.prototype;
  vi.spyOn(fakeIndexedDb.IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    names,
    mode,
    options,
  ) {
    const made = transaction.call(this, names, mode, options);
    if (mode === 'readwrite') {
      transactions.push(options ?? {});
      made.addEventListener('complete', () => events.push('complete'));
    }
    return made;
  } as typeof transaction);
  const outbox = createOutbox('a');
  await outbox.add(jobOf('1'), bytes, 1e9).then(() => events.push('resolved'));
  expect(events).toEqual(['complete', 'resolved']);
  await outbox.apply('1', { type: 'preparing' });
  const body = { sha256: 'a'.repeat(64), imageId: 'a'.repeat(32), ext: 'jpg' };
  await outbox.apply('1', { type: 'prepared', body, size: bytes.byteLength, mime: 'image/jpeg' }, bytes);
  await outbox.apply('1', { type: 'cancel' });
  const [strict, relaxed] = [{ durability: 'strict' }, { durability: 'relaxed' }];
  // What a power cut may take is done once more, from the bytes that are still there.
  expect(transactions).toEqual([strict, relaxed, strict, strict]);
});

test('what is kept is a Blob of bytes, not the File; an ArrayBuffer where the browser takes no Blob', async () => {
  const { put: original } = fakeIndexedDb.IDBObjectStore.prototype;
  let takesBlobs = true;
  vi.spyOn(fakeIndexedDb.IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: InstanceType<typeof fakeIndexedDb.IDBObjectStore>,
    value: unknown,
    key?: IDBValidKey,
  ) {
    if (!takesBlobs && value instanceof Blob) {
      throw new DOMException('BlobURLs are not yet supported', 'DataCloneError');
    }
    return original.call(this, value, key);
  });
  const outbox = createOutbox('a');
  await outbox.add(jobOf('1'), bytes, 1e9);
  takesBlobs = false;
  await outbox.add(jobOf('2'), bytes, 1e9);
  const database = await openDatabase('a', () => {});
  const [one, other] = await database.getAll('bytes');
  database.close();
  expect([one instanceof Blob, one instanceof File, other instanceof ArrayBuffer]).toEqual([true, false, true]);
  expect(await (await outbox.bytesOf(jobOf('2')))?.text()).toBe('a picture');
  expect(await outbox.jobs()).toHaveLength(2);
});

test('QUOTA_EXCEEDED, which a browser tells at the end of a transaction; nothing is left of it', async () => {
  const { put: original } = fakeIndexedDb.IDBObjectStore.prototype;
  const outbox = createOutbox('a');
  vi.spyOn(fakeIndexedDb.IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: InstanceType<typeof fakeIndexedDb.IDBObjectStore>,
    value: unknown,
    key?: IDBValidKey,
  ) {
    const request = original.call(this, value, key);
    const transaction = this.transaction as unknown as { _abort(name: string): void };
    // As a browser does, after the request has succeeded.
    request.addEventListener('success', () => transaction._abort('QuotaExceededError'));
    return request;
  });
  await expect(outbox.add(jobOf('1'), bytes, 1e9)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect(await outbox.jobs()).toEqual([]);
  expect(await outbox.bytesOf(jobOf('1'))).toBeUndefined();
});

test('I13: the limit counts what is kept, and is looked at in the transaction that adds', async () => {
  const outbox = createOutbox('a');
  const limit = 2 * bytes.byteLength;
  const results = await Promise.allSettled(['1', '2', '3'].map((jobId) => outbox.add(jobOf(jobId), bytes, limit)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await outbox.apply('1', { type: 'cancel' });
  await expect(outbox.add(jobOf('3'), bytes, limit)).resolves.toEqual(jobOf('3'));
});

test('C4: raw bytes give way to prepared ones in one step, and only once', async () => {
  const outbox = createOutbox('a');
  await outbox.add(jobOf('1'), bytes, 1e9);
  const event = {
    type: 'prepared',
    body: { sha256: 'ab'.repeat(32), imageId: 'ab'.repeat(16), ext: 'jpg' },
    size: 2,
    mime: 'image/jpeg',
  } as const;
  const job = await outbox.apply('1', event, new TextEncoder().encode('ok').buffer);
  await outbox.apply('1', event, new TextEncoder().encode('no').buffer);
  expect(job).toMatchObject({ state: 'prepared', size: 2, heldBytes: 2 });
  expect(await (await outbox.bytesOf(job ?? jobOf('1')))?.text()).toBe('ok');
});

test('a connection gives way to a newer version of this code, and what comes next says what to do', async () => {
  const lost = vi.fn<() => void>();
  const outbox = createOutbox('a', lost);
  await outbox.add(jobOf('1'), bytes, 1e9);
  const upgraded = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('image-cache-uploads:a', 1_000);
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('refused')));
  });
  expect(lost).toHaveBeenCalledOnce();
  await expect(outbox.jobs()).rejects.toMatchObject({ code: 'PAGE_OUTDATED', hint: 'Reload this page.' });
  upgraded.close();
});

test('a connection that was lost is opened again', async () => {
  const connections: { close(): void }[] = [];
  const outbox = createOutbox('a', undefined, async (project, onClosed) => {
    const database = await openDatabase(project, onClosed);
    connections.push(database);
    return database;
  });
  await outbox.add(jobOf('1'), bytes, 1e9);
  connections[0]?.close();
  expect(await outbox.jobs()).toHaveLength(1);
  connections[1]?.close();
  expect(await outbox.apply('1', { type: 'pause' })).toMatchObject({ state: 'paused' });
  expect(connections).toHaveLength(3);
});

test('bytes that are not there, or are not whole, are `undefined`', async () => {
  const outbox = createOutbox('a');
  await outbox.add(jobOf('1'), bytes, 1e9);
  expect(await outbox.bytesOf(jobOf('2'))).toBeUndefined();
  expect(await outbox.bytesOf({ ...jobOf('1'), size: 4 })).toBeUndefined();
});

test('a lease has one owner until it has run out, and none for ever when the clock is set back', async () => {
  const outbox = createOutbox('a');
  expect(await outbox.lease('send', 'one', 1_000, 100)).toBe(true);
  expect(await outbox.lease('send', 'other', 1_050, 100)).toBe(false);
  expect(await outbox.lease('send', 'one', 1_090, 100)).toBe(true);
  expect(await outbox.lease('send', 'other', 1_191, 100)).toBe(true);
  expect(await outbox.lease('send', 'one', 10, 100)).toBe(true);
  await outbox.release('send', 'other');
  expect(await outbox.lease('send', 'other', 20, 100)).toBe(false);
  await outbox.release('send', 'one');
  expect(await outbox.lease('send', 'other', 30, 100)).toBe(true);
});

test('rows and bytes of version 1 survive the upgrade, and are sent', async () => {
  const old = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('image-cache-uploads:a', 1);
    request.addEventListener('upgradeneeded', () => {
      const database = request.result;
      database.createObjectStore('jobs', { keyPath: 'jobId' }).createIndex('heldBytes', 'heldBytes');
      database.createObjectStore('bytes');
      database.createObjectStore('leases', { keyPath: 'name' });
    });
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('refused')));
  });
  const transaction = old.transaction(['jobs', 'bytes', 'leases'], 'readwrite');
  transaction.objectStore('jobs').put(jobOf('1'));
  transaction.objectStore('bytes').put(new Blob([bytes]), '1');
  transaction.objectStore('leases').put({ name: 'send', owner: 'one', expires: 100 });
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  // Another tab still runs the older code, which gives way.
  old.addEventListener('versionchange', () => old.close());

  const outbox = createOutbox('a');
  expect(await outbox.jobs()).toEqual([jobOf('1')]);
  expect(await (await outbox.bytesOf(jobOf('1')))?.text()).toBe('a picture');
  expect(await outbox.lease('send', 'other', 50, 100)).toBe(false);
  const note = { type: 'note', id: 'n' };
  await outbox.add({ ...jobOf('2'), entity: note }, bytes, 1e9);
  const bound = await outbox.bind({ owner: '', entity: note, serverId: 's', at: 1 });
  expect(bound).toMatchObject([{ jobId: '2', entity: { ...note, serverId: 's' } }]);
});
