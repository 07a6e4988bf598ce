import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createReferenceKeys } from '../../plugin/uploads/referenceKeys.ts';
import type { UploadsOptions } from '../../plugin/uploads/uploadsOptions.ts';
import { jobId, keyOf, pictureName, sha256 } from '../helpers/uploads.ts';
import { bytes, FakeBucket, FakeClock, openUploads, type TestUploads } from './fakes.ts';
import { failureOf } from './memoryBucket.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GRACE = 7 * DAY;
const NOTE = { type: 'note', id: '1' };
const OTHER = { type: 'note', id: '2' };
const keys = createReferenceKeys('uploads', 'app');
const deletion: NonNullable<UploadsOptions['deletion']> = { project: 'app', isReferenced: undefined, graceMs: GRACE };

/** Two servers with a directory each, and one bucket. */
async function twoServers(
  settings = deletion,
): Promise<{ a: TestUploads; b: TestUploads; bucket: FakeBucket; clock: FakeClock }> {
  const clock = new FakeClock();
  const bucket = new FakeBucket(() => clock.now());
  const open = () => openUploads({ bucket, clock, deletion: settings });
  return { a: await open(), b: await open(), bucket, clock };
}

const remove = ({ uploads }: TestUploads, entity: typeof NOTE, n: number, jobs: string[] = []) =>
  uploads.remove('', { entity, images: [{ name: pictureName(bytes(n)) }], job_ids: jobs });
const idOf = (n: number) => sha256(bytes(n)).slice(0, 32);
const stored = (server: TestUploads, count: number) => expect.poll(() => server.states()).toEqual({ stored: count });

describe('two servers with a directory each, and one bucket', () => {
  it('I11: a picture that two entities have stays when one of them drops it, also when that server loses its outbox', async () => {
    const { a, b, bucket, clock } = await twoServers();
    await a.accept(bytes(1), jobId(), NOTE);
    await b.accept(bytes(1), jobId(), OTHER);
    await Promise.all([stored(a, 1), stored(b, 1)]);
    await rm(b.dir, { recursive: true, force: true });
    const { images } = await remove(a, NOTE, 1);
    expect(images).toEqual([{ name: pictureName(bytes(1)), state: 'kept', reason: expect.any(String) }]);
    a.uploads.start();
    await clock.advance(2 * GRACE, DAY);
    expect(bucket.objects.has(keyOf(bytes(1)))).toBe(true);

    await remove(a, OTHER, 1); // the owner is the same, whichever server is asked
    await clock.advance(GRACE + 2 * HOUR, HOUR);
    expect(bucket.keys()).toEqual([]);
    expect(a.told.at(-1)).toBe(`forget ${pictureName(bytes(1))}`);
    expect(a.log.at(-1)).toContain('Deleted from the bucket');
  });

  it('a put in the grace period by the other server keeps the picture', async () => {
    const { a, b, bucket, clock } = await twoServers();
    await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    expect((await remove(a, NOTE, 1)).images[0]).toMatchObject({ state: 'dropped', due_at: clock.now() + GRACE });
    await b.accept(bytes(1), jobId(), OTHER);
    await stored(b, 1);
    a.uploads.start();
    b.uploads.start();
    await clock.advance(2 * GRACE, DAY);
    const kept = keys.ofEntity(idOf(1), { owner: '', entity: OTHER });
    expect(bucket.keys()).toEqual([keyOf(bytes(1)), expect.stringContaining(kept)]);
  });

  it('I11: a picture that is added again while a removal of it is still under way stays', async () => {
    const { a, bucket, clock } = await twoServers();
    await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    bucket.hooks.before = (request) => (/^list uploads\/refs\/.*-/.test(request) ? held : undefined);
    // The browser has given up waiting for the answer, or the page was reloaded; the user has taken the removal back.
    const removing = remove(a, NOTE, 1);
    await clock.settle();
    await a.accept(bytes(1), jobId(), NOTE);
    await a.accept(bytes(1), jobId(), OTHER);
    await a.accept(bytes(2), jobId(), NOTE);
    await clock.settle();
    bucket.hooks = {};
    const { stored: meanwhile } = await a.states();
    goOn();
    await removing;
    await clock.advance(20_000, 1_000);
    await stored(a, 4);
    await remove(a, OTHER, 1);
    a.uploads.start();
    await clock.advance(GRACE + 2 * HOUR, HOUR);
    expect(bucket.objects.has(keyOf(bytes(1)))).toBe(true);
    expect((await remove(a, NOTE, 1)).images[0]).toMatchObject({ state: 'dropped' });
    expect(meanwhile).toBe(3); // the other picture did not wait, nor did the other entity
  });

  it('I11: a picture that is added again at one server while the other one still removes it stays, wherever that one is', async () => {
    for (let step = 0; step < 6; step += 1) {
      const { a, b, bucket, clock } = await twoServers({ ...deletion, graceMs: 0 });
      await a.accept(bytes(1), jobId(), NOTE);
      await stored(a, 1);
      const images = [{ name: pictureName(bytes(1)) }];
      const { job_ids } = await a.uploads.find('', { entity: NOTE, images });
      let [count, goOn] = [0, () => {}];
      const held = new Promise<void>((resolve) => (goOn = resolve));
      bucket.hooks.before = () => (count++ === step ? held : undefined);
      const removing = a.uploads.remove('', { entity: NOTE, images, job_ids, exact: true });
      await clock.settle();
      expect(count).toBe(step + 1);
      bucket.hooks = {};
      await b.accept(bytes(1), jobId(), NOTE);
      await clock.settle();
      goOn();
      await removing;
      await clock.advance(60_000, 1_000);
      await stored(b, 1);
      a.uploads.start();
      await clock.advance(2 * HOUR, HOUR);
      expect(bucket.objects.has(keyOf(bytes(1)))).toBe(true);
    }
  });

  it('a reference of an earlier version, which does not say by which upload, is seen and taken back', async () => {
    const { a, bucket } = await twoServers({ ...deletion, graceMs: 0 });
    await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    const entity = { owner: '', entity: OTHER };
    await bucket.mark(keys.ofEntity(idOf(1), entity));
    expect((await remove(a, NOTE, 1)).images[0]).toMatchObject({ state: 'kept' });
    expect((await remove(a, OTHER, 1)).images[0]).toMatchObject({ state: 'deleted' });
    expect(bucket.keys()).toEqual([]);
  });

  it('an entity that was given a picture by three uploads has it no more after one removal', async () => {
    const { a, b, bucket } = await twoServers({ ...deletion, graceMs: 0 });
    for (const server of [a, b, a]) await server.accept(bytes(1), jobId(), NOTE);
    await Promise.all([stored(a, 2), stored(b, 1)]);
    expect(bucket.keys('uploads/refs/')).toHaveLength(3);
    expect((await remove(b, NOTE, 1)).images[0]).toMatchObject({ state: 'deleted' });
    expect(bucket.keys()).toEqual([]);
  });

  it('an upload that is canceled leaves no reference, and what it has brought goes', async () => {
    const { a, bucket, clock } = await twoServers({ ...deletion, graceMs: HOUR });
    bucket.hooks.before = (request) =>
      request.startsWith('prove') ? Promise.reject(failureOf('transient')) : undefined;
    const { job_id } = await a.accept(bytes(1), jobId(), NOTE);
    await clock.settle();
    expect(bucket.keys('uploads/refs/')).toHaveLength(1);
    bucket.hooks = {};
    await a.uploads.cancel('', job_id);
    await clock.settle();
    expect(bucket.keys('uploads/refs/')).toEqual([]);
    a.uploads.start();
    await clock.advance(4 * HOUR, HOUR);
    expect(bucket.keys()).toEqual([]);
  });

  it('an upload that is canceled takes nothing from an entity that has the picture already, also by a reference of an earlier version', async () => {
    for (const isEarlier of [true, false]) {
      const { a, b, bucket, clock } = await twoServers();
      if (isEarlier) await bucket.mark(keys.ofEntity(idOf(1), { owner: '', entity: NOTE }));
      else await b.accept(bytes(1), jobId(), NOTE);
      await clock.settle();
      const before = bucket.keys('uploads/refs/');
      bucket.hooks.before = (request) =>
        request.startsWith('prove') ? Promise.reject(failureOf('transient')) : undefined;
      const { job_id } = await a.accept(bytes(1), jobId(), NOTE);
      await clock.settle();
      expect(bucket.keys('uploads/refs/')).toHaveLength(2);
      bucket.hooks = {};
      await a.uploads.cancel('', job_id);
      await clock.settle();
      expect(bucket.keys('uploads/refs/')).toEqual(before);
    }
  });

  it('an entity drops its picture also where the bucket may not be listed: it is deleted when it may be', async () => {
    const { a, bucket, clock } = await twoServers({ ...deletion, graceMs: HOUR });
    const { job_id } = await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    bucket.hooks.before = (request) => {
      if (request.startsWith('list')) throw failureOf('blocked');
    };
    const images = [{ name: pictureName(bytes(1)) }];
    const removed = await a.uploads.remove('', { entity: NOTE, images, job_ids: [job_id], exact: true });
    expect(removed.images[0]).toMatchObject({ state: 'kept', reason: expect.stringContaining('log of the server') });
    bucket.hooks = {};
    a.uploads.start();
    await clock.advance(4 * HOUR, HOUR);
    expect(bucket.keys()).toEqual([]);
  });

  it('two processes on one directory: what one of them has sent for an upload that the other one has canceled or removed goes again', async () => {
    for (const how of ['cancel', 'remove'] as const) {
      for (let step = 0; step < 5; step += 1) {
        const clock = new FakeClock();
        const bucket = new FakeBucket(() => clock.now());
        const settings = { bucket, clock, deletion: { ...deletion, graceMs: HOUR } };
        const sender = await openUploads(settings);
        let [count, goOn] = [0, () => {}];
        const held = new Promise<void>((resolve) => (goOn = resolve));
        bucket.hooks.before = () => (count++ === step ? held : undefined);
        const { job_id } = await sender.accept(bytes(1), jobId(), NOTE);
        await clock.settle();
        if (count <= step) goOn(); // it was over before
        bucket.hooks = {};
        const other = await openUploads({ ...settings, dir: sender.dir });
        if (how === 'cancel') await other.uploads.cancel('', job_id);
        else await remove(other, NOTE, 1);
        await clock.settle();
        goOn();
        await clock.advance(60_000, 1_000);
        const isStored =
          (await sender.uploads.check('', [{ job_id, sha256: sha256(bytes(1)) }]))[0]?.state === 'stored';
        expect(bucket.keys('uploads/refs/')).toHaveLength(isStored && how === 'cancel' ? 1 : 0);
        sender.uploads.start();
        await clock.advance(4 * HOUR, HOUR);
        expect([how, step, bucket.keys('uploads/').length]).toEqual([how, step, isStored && how === 'cancel' ? 2 : 0]);
        await sender.uploads.close();
      }
    }
  });

  it('an entity that was given a picture more often than one listing says has it no more after one removal', async () => {
    const { a, bucket } = await twoServers({ ...deletion, graceMs: 0 });
    await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    for (let n = 0; n < 1_700; n += 1) {
      await bucket.mark(keys.reference(idOf(1), { owner: '', entity: NOTE, job_id: n.toString(16).padStart(32, '0') }));
    }
    const images = [{ name: pictureName(bytes(1)) }];
    const found = await a.uploads.find('', { entity: NOTE, images });
    expect([found.job_ids.length, found.is_complete]).toEqual([800, false]);
    expect((await remove(a, NOTE, 1)).images[0]).toMatchObject({ state: 'deleted' });
    expect(bucket.keys()).toEqual([]);
  });

  it('copies of an app with other projects have their own references', async () => {
    const { a, bucket, clock } = await twoServers();
    const other = await openUploads({ bucket, clock, deletion: { ...deletion, project: 'other' } });
    await a.accept(bytes(1), jobId(), NOTE);
    await other.accept(bytes(1), jobId(), NOTE);
    await Promise.all([stored(a, 1), stored(other, 1)]);
    expect((await remove(a, NOTE, 1)).images[0]).toMatchObject({ state: 'kept' });
  });
});

describe('uploads while references are kept', () => {
  it('of the same bytes by two entities end in one object, and a reference each', async () => {
    const { a, bucket } = await twoServers();
    let open = () => {};
    bucket.gate = new Promise((resolve) => (open = resolve));
    await a.accept(bytes(1), jobId(), NOTE);
    await a.clock.settle();
    await a.accept(bytes(1), jobId(), OTHER); // while the first is being sent
    await a.accept(bytes(1));
    open();
    await stored(a, 3);
    expect(bucket.keys('uploads/refs/')).toHaveLength(3);
    expect(bucket.keys().filter((key) => key === keyOf(bytes(1)))).toHaveLength(1);
  });

  it('leave no reference of an entity that drops the picture while the upload of another one brings it', async () => {
    const { a, bucket, clock } = await twoServers();
    bucket.hooks.before = () => {
      throw failureOf('unreachable');
    };
    await a.accept(bytes(1), jobId(), NOTE);
    await a.accept(bytes(1), jobId(), OTHER);
    await clock.settle();
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    bucket.hooks.before = (request) => (request.startsWith('mark uploads/refs/') ? held : undefined);
    await clock.advance(60_000, 1_000); // the one that was not tried yet is sent, for both
    const removing = remove(a, NOTE, 1);
    await clock.settle();
    bucket.hooks = {};
    goOn();
    await removing;
    await clock.advance(60_000, 1_000);
    expect(await a.states()).toEqual({ stored: 1, canceled: 1 });
    const kept = keys.ofEntity(idOf(1), { owner: '', entity: OTHER });
    expect(bucket.keys('uploads/refs/')).toEqual([expect.stringContaining(kept)]);
  });

  it('C21: of a picture that is removed while it is being sent never end in the bucket', async () => {
    const { a, bucket, clock } = await twoServers({ ...deletion, graceMs: 0 });
    bucket.hooks.before = (request) =>
      request.startsWith('prove') ? clock.sleep(HOUR, new AbortController().signal) : undefined;
    const { job_id } = await a.accept(bytes(1), jobId(), NOTE);
    await clock.settle();
    bucket.hooks = {};
    const removing = remove(a, NOTE, 1);
    await clock.advance(HOUR);
    await removing;
    expect(bucket.keys()).toEqual([]);
    expect(await a.uploads.check('', [{ job_id, sha256: sha256(bytes(1)) }])).toMatchObject([{ state: 'canceled' }]);
  });

  it('wait for a deletion of the same picture, are not charged for it, and hold up no others', async () => {
    const { a, bucket, clock } = await twoServers();
    const flag = keys.flag(sha256(bytes(1)).slice(0, 32));
    await bucket.mark(flag);
    await a.accept(bytes(1), jobId(), NOTE);
    await a.accept(bytes(2), jobId(), NOTE);
    await expect.poll(() => a.states()).toEqual({ accepted: 1, stored: 1 });
    await clock.advance(10 * 60_000, 5_000);
    const held = (await a.uploads.list('')).jobs.find(({ state }) => state !== 'stored');
    expect(held).toMatchObject({
      attempts: 0,
      error: { transient: true, hint: expect.stringContaining('after that') },
    });
    await bucket.remove(flag);
    await clock.advance(10_000, 1_000);
    await stored(a, 2);
  });

  it('go on where the credentials may not list, which is said once, and nothing is deleted', async () => {
    const { a, bucket, clock } = await twoServers({ ...deletion, graceMs: 0 });
    bucket.hooks.before = (request) => {
      if (request.startsWith('list')) throw failureOf('blocked');
    };
    for (let n = 0; n < 3; n += 1) await a.accept(bytes(n), jobId(), NOTE);
    await stored(a, 3);
    expect(a.log.filter((line) => line.includes('nothing is deleted'))).toHaveLength(1);
    expect((await remove(a, NOTE, 1)).images[0]).toMatchObject({
      state: 'kept',
      reason: expect.stringContaining('log of the server'),
    });
    a.uploads.start();
    await clock.advance(3 * HOUR, HOUR);
    expect(bucket.objects.has(keyOf(bytes(1)))).toBe(true);
  });

  it('leave no flag where the credentials may not delete', async () => {
    const { a, bucket } = await twoServers({ ...deletion, graceMs: 0 });
    await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    bucket.hooks.before = (request) => {
      if (request.startsWith('remove')) throw failureOf('blocked');
    };
    await expect(remove(a, NOTE, 1)).rejects.toMatchObject({ code: 'UPSTREAM_ERROR', hint: 'Wait.' });
    expect(bucket.objects.has(keyOf(bytes(1)))).toBe(true);
    expect(bucket.keys('uploads/refs/').filter((key) => keys.isFlag(key))).toEqual([]);
  });

  it('cost two requests more for a picture, and none where references are off', async () => {
    const count = async (settings: typeof deletion | undefined) => {
      const clock = new FakeClock();
      const bucket = new FakeBucket(() => clock.now());
      const requests: string[] = [];
      bucket.hooks.before = (request) => void requests.push(request.split(' ')[0] ?? '');
      const opened = await openUploads({ bucket, clock, deletion: settings });
      await opened.accept(bytes(1), jobId(), NOTE);
      await stored(opened, 1);
      return requests;
    };
    expect(await count(undefined)).toEqual(['write', 'prove']);
    expect(await count(deletion)).toEqual(['mark', 'write', 'list', 'prove']);
  });
});

describe('an `isReferenced` that never answers', () => {
  it('keeps the picture, is told of, and keeps no server from being closed', async () => {
    const { a, bucket, clock } = await twoServers({
      ...deletion,
      isReferenced: () => new Promise<boolean>(() => {}),
    });
    await a.accept(bytes(1), jobId(), NOTE);
    await stored(a, 1);
    const failed = expect(remove(a, NOTE, 1)).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('isReferenced'),
    });
    await clock.advance(60_000, 10_000);
    await failed;
    const closed = expect(remove(a, NOTE, 1)).rejects.toThrow();
    await clock.settle();
    await a.uploads.close();
    await closed;
    expect(bucket.keys()).toEqual([keyOf(bytes(1))]);
  });
});

it('a server that is closed in the middle of a deletion leaves no flag behind', async () => {
  const { a, bucket } = await twoServers({ ...deletion, graceMs: 0 });
  await a.accept(bytes(1), jobId(), NOTE);
  await stored(a, 1);
  let closing: Promise<void> | undefined;
  const real = bucket.list.bind(bucket);
  bucket.list = async (prefix, after, signal) => {
    const listed = await real(prefix, after);
    if (listed.objects.some(({ key }) => keys.isFlag(key))) closing = a.uploads.close();
    signal?.throwIfAborted();
    return listed;
  };
  await expect(remove(a, NOTE, 1)).rejects.toThrow();
  await closing;
  expect(bucket.objects.has(keyOf(bytes(1)))).toBe(true);
  expect(bucket.keys('uploads/refs/')).toEqual([]);
});

describe('the sweep', () => {
  it('deletes at most a thousand pictures an hour, and gets to all of them', async () => {
    const { a, bucket, clock } = await twoServers();
    for (let n = 0; n < 1500; n += 1) {
      const name = pictureName(bytes(n));
      bucket.objects.set(keyOf(bytes(n)), { body: bytes(n), modifiedAt: clock.now(), isCounted: true });
      bucket.objects.set(keys.mark(name), { body: Buffer.alloc(0), modifiedAt: clock.now(), isCounted: false });
    }
    clock.jump(GRACE + 1000);
    a.uploads.start();
    await clock.advance(6_000);
    await expect.poll(() => bucket.keys('uploads/dropped/').length).toBe(500);
    await clock.advance(HOUR);
    await expect.poll(() => bucket.keys()).toEqual([]);
  });

  it("touches nothing of somebody else's that only has the name of a mark", async () => {
    const { a, bucket, clock } = await twoServers();
    const key = keys.mark(pictureName(bytes(1)));
    bucket.objects.set(key, { body: bytes(1), modifiedAt: clock.now(), isCounted: false });
    a.uploads.start();
    await clock.advance(GRACE + 2 * HOUR, DAY);
    expect(bucket.keys()).toEqual([key]);
  });

  it('goes on after a picture that cannot be deleted, says it once, and stops when the bucket is away', async () => {
    const { a, bucket, clock } = await twoServers();
    for (let n = 0; n < 3; n += 1) {
      bucket.objects.set(keys.mark(pictureName(bytes(n))), {
        body: Buffer.alloc(0),
        modifiedAt: clock.now(),
        isCounted: false,
      });
      bucket.objects.set(keyOf(bytes(n)), { body: bytes(n), modifiedAt: clock.now(), isCounted: true });
    }
    clock.jump(GRACE + 1000);
    const bad = pictureName(bytes(1)).slice(0, 32);
    bucket.hooks.before = (request) => {
      if (request.includes(`refs/${bad}/`)) throw failureOf('transient');
    };
    a.uploads.start();
    await clock.advance(4 * HOUR, HOUR);
    expect(bucket.keys()).toEqual([keyOf(bytes(1)), keys.mark(pictureName(bytes(1)))].toSorted());
    expect(a.log.filter((line) => line.includes('were not deleted'))).toHaveLength(1);
    let requests = 0;
    bucket.hooks.before = () => {
      requests += 1;
      throw failureOf('unreachable');
    };
    await clock.advance(HOUR);
    expect(requests).toBe(1);
  });
});
