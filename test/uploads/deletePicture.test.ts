import { beforeEach, describe, expect, it } from 'vitest';
import { createReferenceKeys, type Reference } from '../../plugin/uploads/referenceKeys.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import { EntityAddition } from '../../plugin/uploads/entityAddition.ts';
import type { PictureDeletion } from '../../plugin/uploads/pictureDeletion.ts';
import { deletePicture } from '../../plugin/uploads/deletePicture.ts';
import { DeletionSweep } from '../../plugin/uploads/deletionSweep.ts';
import { PictureRemoval } from '../../plugin/uploads/pictureRemoval.ts';
import { FLAG_MS, PictureUses } from '../../plugin/uploads/pictureUse.ts';
import { type UploadBucket, UploadFailure } from '../../plugin/uploads/index.ts';
import { keyOf, pictureName, sha256 } from '../helpers/uploads.ts';
import { type Actor, inEveryOrder, inSomeOrders, interleave } from './interleavings.ts';
import { type BucketHooks, failureOf, MemoryBucket } from './memoryBucket.ts';

const DAY = 24 * 3_600_000;
const GRACE = 7 * DAY;
const BODY = Buffer.from('a picture');
const NAME = pictureName(BODY);
const KEY = keyOf(BODY);
const ID = NAME.slice(0, 32);
const NOTE = { type: 'note', id: '1' };
const ANN: Reference = { owner: 'ann', entity: NOTE, job_id: 'a'.repeat(32) };
const BOB: Reference = { owner: 'bob', entity: NOTE, job_id: 'b'.repeat(32) };
const keys = createReferenceKeys('uploads', 'app');
/** The requests of one that deletes the picture. */
const DELETION_STEPS = 12;
const SIGNAL = new AbortController().signal;

/** How the machines say what uses a picture. */
type Mode = 'references' | 'app';

let time = Date.UTC(2026, 0, 1);
let bucket: MemoryBucket;
/** What the app answers. */
let linked: Set<Reference>;

beforeEach(() => {
  time = Date.UTC(2026, 0, 1);
  bucket = new MemoryBucket(() => time);
  linked = new Set();
});

/** No app takes too long. */
const NEVER = { sleep: () => new Promise<never>(() => undefined) };

/** Another machine, whose clock may be wrong. */
function machine(
  hooks: BucketHooks = {},
  { mode = 'references', clockOff = 0, graceMs = GRACE }: { mode?: Mode; clockOff?: number; graceMs?: number } = {},
) {
  const view: UploadBucket = bucket.as(hooks);
  const isReferenced = mode === 'app' ? () => linked.size > 0 : undefined;
  const uses = new PictureUses({ bucket: view, keys, isReferenced, warn: () => undefined, clock: NEVER });
  const now = () => time + clockOff;
  const clock = { now, random: () => 0.5, sleep: async () => undefined };
  const options = { bucket: view, keys, uses, keyOf: () => KEY, isCountedOnly: uses.areCounted, graceMs, clock };
  const removal = new PictureRemoval({ ...options, deleted: async () => undefined });
  return {
    /** As the drainer does; false if it has to be tried again. */
    async upload(holder: Reference): Promise<boolean> {
      const picture = {
        key: KEY,
        sha256: sha256(BODY),
        contentType: 'image/jpeg',
        body: BODY,
        isCounted: uses.areCounted,
      };
      try {
        await uses.claim(NAME, [holder], SIGNAL);
        await view.store(picture, SIGNAL, (signal) => uses.ensureKept(NAME, [holder], signal));
        return true;
      } catch (error) {
        if (error instanceof UploadFailure) return false;
        throw error;
      }
    },
    /** Without bytes. `canceled`: what its server has heard of by then. */
    async add({ owner, entity = NOTE, job_id }: Reference, canceled = new Set<string>()): Promise<boolean> {
      const find = async () =>
        canceled.has(job_id)
          ? { job_id, owner, state: 'canceled' as const, attempts: 0, accepted_at: time }
          : undefined;
      const deletion: PictureDeletion = {
        uses,
        drop: async () => ({ name: NAME, state: 'kept' }),
        uploadsOf: async () => ({ jobIds: [], isComplete: true }),
        takeBack: (...taken) => (uses.areCounted ? removal.takeBack(...withJob(taken), SIGNAL) : Promise.resolve()),
        start: () => undefined,
        close: async () => undefined,
      };
      const addition = new EntityAddition({ outbox: { find }, bucket: view, deletion, keyOf: () => KEY });
      try {
        return await addition.add(owner, { job_id, entity, image: { name: NAME } });
      } catch (error) {
        if (error instanceof ImageCacheError) return false;
        throw error;
      }
    },
    takeBack: ({ owner, entity = NOTE, job_id }: Reference) =>
      removal.drop(owner, entity, NAME, new Set([job_id]), SIGNAL),
    /** As a client does: it asks for the uploads first, and then has these taken back. */
    async drop({ owner, entity = { type: '', id: '' } }: Omit<Reference, 'job_id'>) {
      const { jobIds } = await removal.uploadsOf(owner, entity, NAME, SIGNAL);
      return removal.drop(owner, entity, NAME, new Set(jobIds), SIGNAL);
    },
    delete: () => deletePicture(NAME, options, SIGNAL),
    sweep: () => new DeletionSweep({ ...options, removal, warn: () => undefined }).sweep(SIGNAL),
  };
}

function withJob<A, B, C>([a, b, c, jobId]: [A, B, C, string]): [A, B, C, { jobIds: ReadonlySet<string> }] {
  return [a, b, c, { jobIds: new Set([jobId]) }];
}

class Killed extends Error {}

/** An actor that never comes to an end when it was killed. */
function actor(work: (hooks: BucketHooks) => Promise<unknown>, killAt = Infinity, isDone = false): Actor {
  return async (turn) => {
    let step = 0;
    const kill = () => {
      throw new Killed();
    };
    const hooks: BucketHooks = {
      async before() {
        if (step > killAt || (step === killAt && !isDone)) kill(); // also what a `finally` would still do
        await turn();
        step += 1;
      },
      after() {
        if (isDone && step > killAt) kill();
      },
    };
    await work(hooks).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
  };
}

const isThere = () => bucket.objects.has(KEY);
const references = () => bucket.keys(keys.folder(ID)).filter((key) => !keys.isFlag(key));
const flags = () => bucket.keys(keys.folder(ID)).filter((key) => keys.isFlag(key));
const isMarked = () => bucket.objects.has(keys.mark(NAME));

/** A picture that was used once, and whose time has come. */
async function droppedLongAgo(mode: Mode = 'references'): Promise<void> {
  await machine({}, { mode }).upload(ANN);
  await machine({}, { mode }).drop(ANN);
  time += GRACE + 1000;
  expect([isThere(), isMarked()]).toEqual([true, true]);
}

const reset = () => {
  bucket.objects.clear();
  linked.clear();
};

describe('a picture that two entities have', () => {
  it('I11: stays until both have dropped it and the grace period is over', async () => {
    const [first, second] = [machine(), machine()];
    await first.upload(ANN);
    await second.upload(BOB);
    expect(await first.drop(ANN)).toEqual({ name: NAME, state: 'kept', reason: expect.stringContaining('else uses') });
    time += 2 * GRACE;
    expect(await first.delete()).toBe('used');
    expect(isThere()).toBe(true);

    expect(await second.drop(BOB)).toEqual({ name: NAME, state: 'dropped', due_at: time + GRACE });
    expect(await second.drop(BOB)).toEqual({ name: NAME, state: 'dropped', due_at: time + GRACE });
    expect(await first.delete()).toBe('early');
    time += GRACE;
    expect(await first.delete()).toBe('deleted');
    expect([isThere(), bucket.keys()]).toEqual([false, []]);
    expect(await second.drop(BOB)).toEqual({ name: NAME, state: 'deleted' });
  });

  it('is deleted at once without a grace period', async () => {
    const server = machine({}, { graceMs: 0 });
    await server.upload(ANN);
    expect(await server.drop(ANN)).toEqual({ name: NAME, state: 'deleted' });
    expect(bucket.keys()).toEqual([]);
  });

  it('a new put in the grace period cancels the deletion', async () => {
    await droppedLongAgo();
    expect(await machine().upload(BOB)).toBe(true);
    expect(await machine().delete()).toBe('used');
    expect([isThere(), isMarked()]).toEqual([true, false]);
  });

  it('an old mark that is still there does not count for a reference that is dropped later', async () => {
    await droppedLongAgo();
    await machine().upload(BOB);
    expect(await machine().drop(BOB)).toMatchObject({ state: 'dropped', due_at: time + GRACE });
    expect(await machine().delete()).toBe('early');
  });

  it('gets the mark that it should have when a removal is repeated', async () => {
    await machine().upload(ANN);
    await machine().drop(ANN);
    await bucket.remove(keys.mark(NAME)); // by an earlier version, which was killed
    expect(await machine().drop(ANN)).toEqual({ name: NAME, state: 'dropped', due_at: time + GRACE });
    expect(isMarked()).toBe(true);
  });

  it('is not deleted by a client that never had it, nor by one that has it now, when it was there before', async () => {
    bucket.objects.set(KEY, { body: BODY, modifiedAt: time, isCounted: false });
    expect(await machine().drop(ANN)).toMatchObject({
      state: 'kept',
      reason: expect.stringContaining('before references'),
    });
    await machine().upload(ANN);
    expect(await machine().drop(ANN)).toMatchObject({ state: 'kept' });
    time += 2 * GRACE;
    expect(await machine().delete()).toBe('early');
    expect([isThere(), isMarked()]).toEqual([true, false]);
    // Somebody else marks it.
    await bucket.mark(keys.mark(NAME));
    time += 2 * GRACE;
    expect(await machine().delete()).toBe('uncounted');
    expect([isThere(), isMarked()]).toEqual([true, false]);
  });

  it('may be used by thousands', async () => {
    await machine().upload(ANN);
    for (let n = 0; n < 2500; n += 1) {
      await bucket.mark(
        keys.reference(ID, { owner: 'ann', entity: { type: 'note', id: `more ${n}` }, job_id: ANN.job_id }),
      );
    }
    const others = Array.from({ length: 20 }, (_, n) => ({ ...ANN, owner: `user ${n}` }));
    for (const other of others) expect(await machine().upload(other)).toBe(true);
    await bucket.mark(keys.flag(ID));
    expect(await machine().upload(BOB)).toBe(false);
    for (const other of others) expect(await machine().drop(other)).toMatchObject({ state: 'kept' });
  });

  it('without an entity is dropped by no entity', async () => {
    await machine().upload({ owner: 'ann', job_id: BOB.job_id });
    await machine().upload(ANN);
    expect(await machine().drop(ANN)).toMatchObject({ state: 'kept' });
    expect(await machine().drop({ owner: 'ann', entity: { type: 'upload', id: '' } })).toMatchObject({ state: 'kept' });
  });

  it('is kept where the app says so, cannot say, or says something else than false', async () => {
    for (const answer of [true, undefined, 'no', 0]) {
      reset();
      await machine({}, { mode: 'app' }).upload(ANN);
      const uses = new PictureUses({
        bucket,
        keys,
        isReferenced: () => answer as never,
        warn: () => undefined,
        clock: NEVER,
      });
      expect(
        await uses.isUsed(ID, { references: [], flags: [], oldFlags: [], now: time, isComplete: true }, SIGNAL),
      ).toBe(true);
    }
    const throwing = new PictureUses({
      bucket,
      keys,
      isReferenced: () => Promise.reject(new Error('no database')),
      warn: () => undefined,
      clock: NEVER,
    });
    await expect(
      throwing.isUsed(ID, { references: [], flags: [], oldFlags: [], now: time, isComplete: true }, SIGNAL),
    ).rejects.toThrow('no database');
  });
});

describe.each(['references', 'app'] as const)('where what is used is known by %s', (mode) => {
  const at = { mode };

  it('C23: in every order of the steps of an upload and a deletion, a picture that is stored is there', async () => {
    const count = await inEveryOrder(async (choose) => {
      reset();
      await droppedLongAgo(mode);
      let isStored = false;
      const upload = actor(async (hooks) => {
        isStored = await machine(hooks, at).upload(BOB);
        if (isStored) linked.add(BOB);
      });
      await interleave([upload, actor((hooks) => machine(hooks, at).delete())], choose);
      if (isStored) expect(isThere()).toBe(true);
      expect(await machine({}, at).upload(BOB)).toBe(true);
      expect([isThere(), flags()]).toEqual([true, []]);
    });
    expect(count).toBeGreaterThan(100);
  });

  it.each([false, true])('C22: also where the deletion is killed at any step (which was done: %s)', async (isDone) => {
    for (let step = 0; step < DELETION_STEPS; step += 1) {
      await inEveryOrder(async (choose) => {
        reset();
        await droppedLongAgo(mode);
        let isStored = false;
        const upload = actor(async (hooks) => {
          isStored = await machine(hooks, at).upload(BOB);
          if (isStored) linked.add(BOB);
        });
        await interleave([upload, actor((hooks) => machine(hooks, at).delete(), step, isDone)], choose);
        if (isStored) expect(isThere()).toBe(true);
        time += FLAG_MS + 1000;
        expect(await machine({}, at).upload(BOB)).toBe(true);
        linked.add(BOB);
        await machine({}, at).delete();
        expect(isThere()).toBe(true);
      });
    }
  });

  it('C22: a deletion that was killed at any step is done by the next, which leaves nothing behind', async () => {
    for (const isDone of [false, true]) {
      for (let step = 0; step < DELETION_STEPS; step += 1) {
        reset();
        await droppedLongAgo(mode);
        await interleave([actor((hooks) => machine(hooks, at).delete(), step, isDone)], () => 0);
        time += FLAG_MS + 1000;
        const outcome = await machine({}, at).delete();
        expect([isThere(), isMarked()]).toEqual([false, false]);
        // What says that the mark is being taken away is turned into a mark once more, whose time comes, too.
        for (const passing of [0, GRACE + 1000]) {
          time += passing;
          await machine({}, at).sweep();
        }
        if (outcome === 'deleted') expect(bucket.keys()).toEqual([]);
      }
    }
  });

  it.each([false, true])(
    'an upload that is killed at any step leaves a bucket in which it can be done (step done: %s)',
    async (isDone) => {
      for (let step = 0; step < 4; step += 1) {
        await inEveryOrder(async (choose) => {
          reset();
          await droppedLongAgo(mode);
          const upload = actor((hooks) => machine(hooks, at).upload(BOB), step, isDone);
          await interleave([upload, actor((hooks) => machine(hooks, at).delete())], choose);
          expect(await machine({}, at).upload(BOB)).toBe(true);
          linked.add(BOB);
          await machine({}, at).delete();
          expect(isThere()).toBe(true);
        });
      }
    },
  );

  it('C23: in every order of the steps of an addition without bytes and a deletion, a picture that was added is there', async () => {
    const outcomes = new Set<boolean>();
    for (const isMarked of [true, false]) {
      await inEveryOrder(async (choose) => {
        reset();
        if (isMarked) await droppedLongAgo(mode);
        else await machine({}, at).upload(ANN);
        let isAdded = false;
        const addition = actor(async (hooks) => {
          isAdded = await machine(hooks, at).add(BOB);
          if (isAdded) linked.add(BOB);
        });
        await interleave([addition, actor((hooks) => machine(hooks, at).delete())], choose);
        outcomes.add(isAdded);
        if (isAdded) expect(isThere()).toBe(true);
        if (isThere()) return;
        // One that had to wait is told again, and leaves nothing behind that would be taken for a use.
        expect([await machine({}, at).add(BOB), references()]).toEqual([false, []]);
      });
    }
    expect(outcomes).toEqual(new Set([true, false]));
  });

  it('in some orders of two deletions and two uploads', async () => {
    await inSomeOrders(3000, async (choose) => {
      reset();
      await droppedLongAgo(mode);
      const stored: Reference[] = [];
      const upload = (holder: Reference) =>
        actor(async (hooks) => {
          if (!(await machine(hooks, at).upload(holder))) return;
          stored.push(holder);
          linked.add(holder);
        });
      const deletion = actor((hooks) => machine(hooks, at).delete());
      await interleave([upload(ANN), upload(BOB), deletion, deletion], choose);
      if (stored.length > 0) expect(isThere()).toBe(true);
    });
  });

  it('I11: an error of any request before the one that deletes deletes nothing', async () => {
    await droppedLongAgo(mode);
    const requests: string[] = [];
    await machine({ before: (request) => void requests.push(request) }, at).delete();
    const deleting = requests.indexOf(`remove ${KEY}`);
    expect(deleting).toBeGreaterThan(3);
    for (let failing = 0; failing <= deleting; failing += 1) {
      reset();
      await droppedLongAgo(mode);
      let count = 0;
      const before = () => {
        count += 1;
        if (count === failing + 1) throw failureOf('transient');
      };
      await expect(machine({ before }, at).delete()).rejects.toThrow('transient');
      expect([isThere(), isMarked()]).toEqual([true, true]);
    }
  });

  it.each([-DAY, DAY])('a clock of the machine that is wrong by %d ms changes nothing', async (clockOff) => {
    await machine({}, at).upload(ANN);
    await machine({}, at).drop(ANN);
    time += GRACE - 60_000;
    expect(await machine({}, { mode, clockOff }).delete()).toBe('early');
    time += 120_000;
    expect(await machine({}, { mode, clockOff }).delete()).toBe('deleted');
  });

  it('a deletion that was asleep for longer than a minute deletes nothing', async () => {
    await droppedLongAgo(mode);
    const sleepy = machine(
      {
        after(request) {
          if (request.startsWith('list')) time += 61_000;
        },
      },
      at,
    );
    await expect(sleepy.delete()).rejects.toThrow('taken too long');
    expect([isThere(), flags()]).toEqual([true, []]);
  });

  it('a deletion whose answer was lost keeps uploads away until it cannot come any more', async () => {
    await droppedLongAgo(mode);
    const cut = machine(
      {
        after(request) {
          if (request === `remove ${KEY}`) throw failureOf('unreachable');
        },
      },
      at,
    );
    await expect(cut.delete()).rejects.toThrow('unreachable');
    expect(await machine({}, at).upload(BOB)).toBe(false);
    time += FLAG_MS + 1000;
    expect(await machine({}, at).upload(BOB)).toBe(true);
    expect(isThere()).toBe(true);
  });

  it('a mark whose removal was not answered, while the last reference was dropped, is put back by a sweep', async () => {
    await machine({}, at).upload(ANN);
    linked.add(ANN);
    await bucket.mark(keys.mark(NAME));
    time += GRACE;
    const unanswered: BucketHooks = {
      async before(request) {
        if (request !== `remove ${keys.mark(NAME)}`) return;
        linked.clear();
        expect(await machine({}, at).drop(ANN)).toMatchObject({ state: 'dropped' });
      },
      after(request) {
        if (request === `remove ${keys.mark(NAME)}`) throw failureOf('unreachable');
      },
    };
    await expect(machine(unanswered, at).delete()).rejects.toThrow('unreachable');
    await machine({}, at).sweep(); // too early: its server may still be at it
    expect([isThere(), isMarked(), references()]).toEqual([true, false, []]);
    time += FLAG_MS + 1000;
    await machine({}, at).sweep();
    expect([isThere(), isMarked()]).toEqual([true, true]);
    time += GRACE;
    await machine({}, at).sweep();
    expect([isThere(), bucket.keys(keys.marks)]).toEqual([false, []]);
  });

  it('a store that does not list what was just written deletes nothing', async () => {
    await droppedLongAgo(mode);
    bucket.list = async () => ({ objects: [], now: time, isComplete: true });
    const view = bucket;
    const uses = new PictureUses({ bucket: view, keys, isReferenced: undefined, warn: () => undefined, clock: NEVER });
    const clock = { now: () => time, random: () => 0, sleep: async () => undefined };
    const options = { bucket: view, keys, uses, keyOf: () => KEY, isCountedOnly: false, graceMs: 0, clock };
    await expect(deletePicture(NAME, options, SIGNAL)).rejects.toThrow('does not list');
    expect(isThere()).toBe(true);
  });
});

describe('two entities that drop a picture at once', () => {
  it('leave it marked in every order, and a deletion meanwhile gives it its time', async () => {
    const count = await inEveryOrder(async (choose) => {
      reset();
      await machine().upload(ANN);
      const drop = actor((hooks) => machine(hooks).drop(ANN));
      // An old mark, from a time when somebody else had dropped it.
      bucket.objects.set(keys.mark(NAME), { body: Buffer.alloc(0), modifiedAt: time - 2 * GRACE, isCounted: false });
      // Who drops it looks at nothing that a deletion keeps for itself, so these requests change no order.
      const isPrivate = (request: string) => request.includes('/.deleting-') || request.includes('/.unmarking-');
      const deletion = actor(({ before }) =>
        machine({ before: (request) => (isPrivate(request) ? undefined : before?.(request)) }).delete(),
      );
      await interleave([drop, deletion], choose);
      expect([isThere(), isMarked(), references()]).toEqual([true, true, []]);
    });
    expect(count).toBeGreaterThan(1000);
  });

  it('a deletion that was killed at any step leaves what a sweep finds, however the last reference was dropped meanwhile', async () => {
    let strandings = 0;
    for (const isDone of [false, true]) {
      for (let step = 3; step < 8; step += 1) {
        await inSomeOrders(150, async (choose) => {
          reset();
          await machine().upload(ANN);
          bucket.objects.set(keys.mark(NAME), {
            body: Buffer.alloc(0),
            modifiedAt: time - 2 * GRACE,
            isCounted: false,
          });
          const deletion = actor((hooks) => machine(hooks).delete(), step, isDone);
          await interleave([actor((hooks) => machine(hooks).takeBack(ANN)), deletion], choose);
          expect([isThere(), references()]).toEqual([true, []]);
          if (!isMarked()) strandings += 1;
          time += FLAG_MS + 1000;
          await machine().sweep();
          await machine().sweep();
          expect([isThere(), isMarked()]).toEqual([true, true]);
          time += GRACE;
          await machine().sweep();
          expect([isThere(), bucket.keys(keys.marks)]).toEqual([false, []]);
        });
      }
    }
    expect(strandings).toBeGreaterThan(0);
  });

  it('leave a mark when it is uploaded again, and dropped, while a deletion of it ends', async () => {
    await droppedLongAgo();
    const before = async (request: string) => {
      if (request !== `remove ${keys.mark(NAME)}`) return;
      expect([isThere(), await machine().upload(BOB)]).toEqual([false, false]); // it sees the flag, after it has written
      await machine().takeBack(BOB);
    };
    expect(await machine({ before }).delete()).toBe('deleted');
    expect([isThere(), isMarked(), references()]).toEqual([true, true, []]);
  });

  it('in some orders of two who drop it and two deletions', async () => {
    await inSomeOrders(3000, async (choose) => {
      reset();
      await machine().upload(ANN);
      await machine().upload(BOB);
      bucket.objects.set(keys.mark(NAME), { body: Buffer.alloc(0), modifiedAt: time - 2 * GRACE, isCounted: false });
      const drop = (holder: Reference) => actor((hooks) => machine(hooks).drop(holder));
      const deletion = actor((hooks) => machine(hooks).delete());
      await interleave([drop(ANN), drop(BOB), deletion, deletion], choose);
      expect([isThere(), isMarked(), references()]).toEqual([true, true, []]);
    });
  });

  it('I11: an entity that is given the picture again has it, in every order of that and of a removal that has looked before', async () => {
    for (const graceMs of [0, GRACE]) {
      const count = await inEveryOrder(async (choose) => {
        reset();
        await machine().upload(ANN);
        let isStored = false;
        const again = { ...ANN, job_id: 'c'.repeat(32) };
        const upload = actor(async (hooks) => void (isStored = await machine(hooks).upload(again)));
        const removal = actor((hooks) => machine(hooks, { graceMs }).takeBack(ANN));
        await interleave([upload, removal], choose);
        if (!isStored) isStored = await machine().upload(again);
        time += 2 * GRACE;
        await machine().delete();
        expect([isStored, isThere(), references()]).toEqual([true, true, [keys.reference(ID, again)]]);
      });
      expect(count).toBeGreaterThan(100);
    }
  });

  it('I6: an addition without bytes and its cancellation, in every order: the entity does not have the picture', async () => {
    await inEveryOrder(async (choose) => {
      reset();
      await machine().upload(ANN);
      const canceled = new Set<string>();
      const removal = actor(async (hooks) => {
        await hooks.before?.('cancel');
        canceled.add(BOB.job_id);
        await machine(hooks).takeBack(BOB);
      });
      await interleave([actor((hooks) => machine(hooks).add(BOB, canceled)), removal], choose);
      expect([isThere(), references()]).toEqual([true, [keys.reference(ID, ANN)]]);
    });
  });

  it('C21: an upload and the removal of the same picture of the same entity end in a stored picture that is there, or none', async () => {
    await inEveryOrder(async (choose) => {
      reset();
      await machine().upload(ANN);
      let isStored = false;
      const upload = actor(async (hooks) => void (isStored = await machine(hooks).upload(ANN)));
      await interleave([upload, actor((hooks) => machine(hooks, { graceMs: 0 }).drop(ANN))], choose);
      if (isStored && references().length > 0) expect(isThere()).toBe(true);
      if (isStored && references().length === 0 && isThere()) expect(isMarked()).toBe(true);
      if (isStored) return;
      expect(await machine().upload(ANN)).toBe(true);
      expect(isThere()).toBe(true);
    });
  });
});
