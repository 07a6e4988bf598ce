// @vitest-environment node
import { IDBObjectStore } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import type { Entity } from '../../../components/uploads/entity.ts';
import type { ImageUploadsOptions } from '../../../components/uploads/imageUploads.ts';
import { imageRefsIn } from '../../../components/uploads/text/imageRefs.ts';
import { fakeBrowser, type FakeTab } from './fakeBrowser.ts';
import { fakeBucket, referenceOf } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

const note = { type: 'note', id: 'a' };
const other = { type: 'note', id: 'b' };
const DAY = 24 * 3_600_000;

function setUp() {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  const open = (more: ImageUploadsOptions = {}) => browser.open({ transport: bucket.transport, ...more });
  return { browser, bucket, tab: open(), open };
}

async function add({ uploads }: FakeTab, number: number, entity: Entity): Promise<string> {
  const [upload] = await uploads.upload(pictureFile(number), { entity });
  return upload?.imageId ?? '';
}

const statuses = ({ uploads }: FakeTab) => uploads.list().map(({ status }) => status);

describe('removeImage', () => {
  test('ends what waits, drops its bytes, and tells the other side, which is then no more asked to cancel it', async () => {
    const { browser, bucket, tab } = setUp();
    browser.isOnline = false;
    const imageId = await add(tab, 1, note);
    await tab.uploads.removeImage(note, imageId);
    expect(statuses(tab)).toEqual(['canceled']);
    expect(await browser.rows('bytes')).toEqual([]);
    expect(await browser.rows('tombstones')).toHaveLength(1);
    browser.isOnline = true;
    tab.page('reached');
    await browser.settle();
    expect(bucket.removals).toMatchObject([
      {
        project: 'test',
        owner: '',
        entity: note,
        images: [{ imageId, ext: 'png' }],
        jobIds: [tab.uploads.list()[0]?.jobId],
      },
    ]);
    expect(bucket.canceled).toEqual([]);
    expect([await browser.rows('tombstones'), bucket.sent, bucket.complaints]).toEqual([[], [], []]);
  });

  test('of an uploaded picture: its reference goes; other pictures of the entity, and other entities, keep theirs', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    const another = await add(tab, 2, note);
    await add(tab, 1, other);
    await browser.pass(60_000);
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    expect(bucket.references).toEqual(new Set([referenceOf(note, another), referenceOf(other, imageId)]));
    expect(statuses(tab)).toEqual(['uploaded', 'uploaded', 'canceled']);
  });

  test('C21: of a picture that is being sent: that is broken off, and what arrives all the same is not taken', async () => {
    const { browser, bucket, tab } = setUp();
    bucket.otherwise = 'hang';
    const imageId = await add(tab, 1, note);
    await browser.settle();
    expect(bucket.sent).toHaveLength(1);
    await tab.uploads.removeImage(note, imageId);
    await browser.pass(5_000);
    bucket.takeSilently();
    bucket.release();
    await browser.pass(60_000);
    expect(statuses(tab)).toEqual(['canceled']);
    expect([bucket.references, bucket.objects, bucket.complaints]).toEqual([new Set(), new Map(), []]);
  });

  test('C21: of a picture that a server has accepted, from another tab', async () => {
    const { browser, bucket, tab, open } = setUp();
    bucket.otherwise = 'accepted';
    const imageId = await add(tab, 1, note);
    await browser.settle();
    expect(statuses(tab)).toEqual(['processing']);
    await open().uploads.removeImage(note, imageId);
    await browser.settle();
    bucket.work();
    await browser.pass(120_000);
    expect([statuses(tab), bucket.objects]).toEqual([['canceled'], new Map()]);
  });

  test('is known by a reference of whatever base, also of a picture that this browser has forgotten', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = 'ab'.repeat(16);
    await tab.uploads.removeImage(note, `https://cdn.test/api/cache/i/${imageId.toUpperCase()}.png?w=200`);
    await browser.settle();
    expect(bucket.removals).toMatchObject([{ images: [{ imageId, ext: 'png', key: `uploads/ab/${imageId}.png` }] }]);
  });

  test.each(['ab'.repeat(16), '', 'note.png', '../i/passwd', `${'ab'.repeat(18)}.png`, `${'ab'.repeat(16)}.x`])(
    'IMAGE_UNKNOWN: %j, and nothing is told',
    async (imageId) => {
      const { browser, bucket, tab } = setUp();
      const call = tab.uploads.removeImage(note, imageId);
      await expect(call).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN', hint: expect.any(String) as string });
      await browser.settle();
      expect([await browser.rows('tombstones'), bucket.removals]).toEqual([[], []]);
    },
  );

  test('I6: of a picture of which another copy is still being prepared', async () => {
    const { browser, bucket, tab } = setUp();
    browser.isOnline = false;
    const imageId = await add(tab, 1, note);
    const picked = tab.uploads.upload(pictureFile(1), { entity: note });
    // It is saved, and its bytes are not hashed yet.
    for (let turn = 0; turn < 500 && (await browser.rows('jobs')).length < 2; turn += 1) await Promise.resolve();
    await tab.uploads.removeImage(note, imageId);
    await picked.catch(() => {});
    browser.isOnline = true;
    tab.page('reached');
    await browser.pass(60_000);
    expect(bucket.references.size).toBe(0);
    expect(statuses(tab)).toEqual(['canceled', 'canceled']);
  });
});

describe('a picture that is added again', () => {
  test('takes its removal back, if the other side was not told yet', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    browser.isOnline = false;
    await tab.uploads.removeImage(note, imageId);
    await add(tab, 1, note);
    expect(await browser.rows('tombstones')).toEqual([]);
    browser.isOnline = true;
    tab.page('reached');
    await browser.pass(60_000);
    expect(bucket.removals).toEqual([]);
    expect(bucket.references).toEqual(new Set([referenceOf(note, imageId)]));
    expect(statuses(tab)).toEqual(['uploaded', 'canceled']);
  });

  test('is sent after a removal that is under way, and stays', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    bucket.removalOutcomes = ['hang'];
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    await add(tab, 1, note);
    await add(tab, 2, note);
    await browser.settle();
    // The others do not wait.
    expect(statuses(tab)).toEqual(['uploaded', 'pending', 'canceled']);
    bucket.release();
    await browser.pass(60_000);
    expect(bucket.references.has(referenceOf(note, imageId))).toBe(true);
    expect(statuses(tab)).toEqual(['uploaded', 'uploaded', 'canceled']);
    expect(bucket.complaints).toEqual([]);
  });

  test.each(['hang', 'hang late'] as const)(
    'is sent by another tab, whose turn it is since the clock was set forward, and stays: %s',
    async (outcome) => {
      const { browser, bucket, tab } = setUp();
      tab.kill();
      browser.isSecure = false;
      const [one, two] = [browser.open({ transport: bucket.transport }), browser.open({ transport: bucket.transport })];
      const imageId = await add(one, 1, note);
      await browser.pass(60_000);
      bucket.removalOutcomes = [outcome, outcome];
      await one.uploads.removeImage(note, imageId);
      await browser.settle();
      expect(bucket.removals).toHaveLength(1);
      browser.jump(60_000);
      await add(two, 1, note);
      await browser.pass(60_000);
      bucket.release();
      await browser.pass(60_000);
      bucket.release();
      await browser.pass(60_000);
      expect(bucket.references).toEqual(new Set([referenceOf(note, imageId)]));
      expect(statuses(two)).toEqual(['uploaded', 'canceled']);
    },
  );

  test.each(['hang', 'hang late'] as const)('after a kill in the middle of the removal stays: %s', async (outcome) => {
    const { browser, bucket, tab, open } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    bucket.removalOutcomes = [outcome];
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    tab.kill();
    browser.isOnline = false;
    const next = open();
    await add(next, 1, note);
    browser.isOnline = true;
    next.page('reached');
    await browser.pass(60_000);
    bucket.release();
    await browser.pass(60_000);
    expect(bucket.references).toEqual(new Set([referenceOf(note, imageId)]));
    expect(statuses(next)).toEqual(['uploaded', 'canceled']);
  });

  test.each([1, 2])('%i times, and then canceled, is not had: the removal holds again', async (times) => {
    const { browser, bucket, tab, open } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    browser.isOnline = false;
    await tab.uploads.removeImage(note, imageId);
    for (let count = 0; count < times; count += 1) await add(tab, 1, note);
    expect(await browser.rows('tombstones')).toEqual([]);
    const [last, ...others] = tab.uploads.listOf(note).slice(1).toReversed();
    for (const upload of others) await upload.cancel();
    expect(await browser.rows('tombstones')).toEqual([]);
    await last?.cancel();
    tab.kill();
    browser.isOnline = true;
    open();
    await browser.pass(60_000);
    expect([bucket.references, await browser.rows('tombstones')]).toEqual([new Set(), []]);
  });

  test.each(['hang', 'hang late', 503] as const)(
    'and canceled while the removal is being told: %s',
    async (outcome) => {
      const { browser, bucket, tab } = setUp();
      const imageId = await add(tab, 1, note);
      await browser.settle();
      bucket.removalOutcomes = [outcome];
      await tab.uploads.removeImage(note, imageId);
      await browser.settle();
      await add(tab, 1, note);
      await tab.uploads.listOf(note).at(-1)?.cancel();
      await browser.settle();
      bucket.release();
      await browser.pass(60_000);
      expect([bucket.references, await browser.rows('tombstones')]).toEqual([new Set(), []]);
    },
  );

  test('and sent, and then canceled, has no reference of either', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    bucket.removalOutcomes = [503];
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    bucket.outcomes = ['lost'];
    bucket.isReachable = false;
    await add(tab, 1, note);
    await browser.settle();
    await tab.uploads.listOf(note).at(-1)?.cancel();
    bucket.isReachable = true;
    await browser.pass(600_000);
    expect([statuses(tab), bucket.references]).toEqual([['canceled', 'canceled'], new Set()]);
  });

  test('is not removed when an upload that took nothing back is canceled', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    browser.isOnline = false;
    await add(tab, 1, note);
    await tab.uploads.listOf(note).at(-1)?.cancel();
    browser.isOnline = true;
    tab.page('reached');
    await browser.pass(60_000);
    expect(bucket.references).toEqual(new Set([referenceOf(note, imageId)]));
  });

  test('and removed again while the first removal is under way is told again', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    bucket.removalOutcomes = ['hang'];
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    await add(tab, 1, note);
    await tab.uploads.removeImage(note, imageId);
    bucket.release();
    await browser.pass(60_000);
    expect(bucket.removals).toHaveLength(2);
    expect([bucket.references, await browser.rows('tombstones')]).toEqual([new Set(), []]);
    expect(statuses(tab)).toEqual(['canceled', 'canceled']);
  });
});

describe('removeEntity', () => {
  test('ends all of it in one step, and tells what this browser no longer knows, too', async () => {
    const { browser, bucket, tab } = setUp();
    const first = await add(tab, 1, note);
    await browser.settle();
    browser.isOnline = false;
    const second = await add(tab, 2, note);
    const kept = await add(tab, 3, other);
    await add(tab, 4, { type: 'canvas', id: note.id });
    const forgotten = 'cd'.repeat(16);
    await tab.uploads.removeEntity(note, { imageIds: [`/api/cache/i/${forgotten}.png`, first] });
    expect(statuses(tab)).toEqual(['pending', 'pending', 'canceled', 'canceled']);
    browser.isOnline = true;
    tab.page('reached');
    await browser.pass(60_000);
    expect(bucket.removals).toHaveLength(1);
    const told = bucket.removals[0]?.images.map(({ imageId }) => imageId);
    expect(new Set(told)).toEqual(new Set([first, second, forgotten]));
    expect([...bucket.references].filter((reference) => reference.startsWith('note'))).toEqual([
      referenceOf(other, kept),
    ]);
    expect(statuses(tab)).toEqual(['uploaded', 'uploaded', 'canceled', 'canceled']);
  });

  test('tells the id that the app’s server has given the entity', async () => {
    const { browser, bucket, tab } = setUp();
    await add(tab, 1, note);
    await tab.uploads.bindEntity(note, 'server-a');
    await tab.uploads.removeEntity(note);
    await browser.settle();
    expect(bucket.removals[0]?.entity).toEqual({ ...note, serverId: 'server-a' });
  });

  test('of 150 pictures: at most 100 are told in a call', async () => {
    const { browser, bucket, tab } = setUp();
    const imageIds = Array.from({ length: 150 }, (_, index) => `${index.toString(16).padStart(32, '0')}.png`);
    await tab.uploads.removeEntity(note, { imageIds });
    for (let round = 0; round < 20 && (await browser.rows('tombstones')).length > 0; round += 1) await browser.settle();
    expect(bucket.removals.map(({ images }) => images.length)).toEqual([100, 50]);
    expect(await browser.rows('tombstones')).toEqual([]);
  });

  test('of a text with pictures that earlier apps have named by a UUID tells of all others', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = 'ab'.repeat(16);
    const text = `![](/api/cache/i/01234567-89ab-cdef-0123-456789abcdef.jpg) ![](/i/${'cd'.repeat(16)}.x) ![](/i/${imageId}.png)`;
    await tab.uploads.removeEntity(note, { imageIds: imageRefsIn(text) });
    for (const imageRef of imageRefsIn(text)) await tab.uploads.removeImage(other, imageRef);
    await browser.pass(60_000);
    expect(bucket.removals).toMatchObject([{ images: [{ imageId }] }, { images: [{ imageId }] }]);
    expect(bucket.removals.map(({ images }) => images.length)).toEqual([1, 1]);
  });

  test('tells the name that the picture was uploaded with, also where a text has another form of it', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await browser.settle();
    await tab.uploads.removeEntity(note, { imageIds: [`https://cdn.test/i/${imageId}.webp`] });
    await browser.settle();
    expect(bucket.removals).toMatchObject([{ images: [{ imageId, ext: 'png' }] }]);
  });

  test('of what nothing is known of tells nothing', async () => {
    const { browser, bucket, tab } = setUp();
    await tab.uploads.removeEntity(note);
    await browser.settle();
    expect(bucket.removals).toEqual([]);
  });

  test('aborts what the app is being told of it, and tells it no more', async () => {
    const { browser, open } = setUp();
    const signals: AbortSignal[] = [];
    const tab = open({
      owner: 'ann',
      async onStored(_, { signal }) {
        signals.push(signal);
        await new Promise(() => {});
      },
    });
    await add(tab, 1, note);
    await browser.settle();
    await tab.uploads.removeEntity(note);
    await browser.pass(3_600_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(tab.uploads.list()[0]?.link).toBeNull();
  });
});

describe('the other side', () => {
  test.each(['unreachable', 503, 401, 'lost'] as const)(
    '%s: it is told again, for ever, and with pauses',
    async (outcome) => {
      const { browser, bucket, tab } = setUp();
      const imageId = await add(tab, 1, note);
      await browser.settle();
      bucket.removalOutcomes = Array.from({ length: 10 }, () => outcome);
      await tab.uploads.removeImage(note, imageId);
      await browser.pass(20_000);
      expect(bucket.removals.length).toBeLessThan(8);
      await browser.pass(3 * 3_600_000);
      expect(bucket.removals.length).toBe(11);
      expect([await browser.rows('tombstones'), bucket.references]).toEqual([[], new Set()]);
      // It costs no picture anything.
      await add(tab, 2, note);
      await browser.pass(120_000);
      expect(statuses(tab)[0]).toBe('uploaded');
    },
  );

  test('that refuses one entity hears of the others meanwhile, and pictures are sent', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await add(tab, 1, other);
    await browser.settle();
    bucket.removalOutcomes = [503];
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    await tab.uploads.removeImage(other, imageId);
    await add(tab, 2, note);
    await browser.settle();
    expect(bucket.removals.map(({ entity }) => entity.id)).toEqual(['a', 'b']);
    expect(statuses(tab)[0]).toBe('uploaded');
  });

  test('that refused a removal which was taken back: another one that waits is not looked at again and again', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    await add(tab, 2, other);
    await browser.settle();
    bucket.removalOutcomes = [503];
    await tab.uploads.removeImage(note, imageId);
    await browser.settle();
    await add(tab, 1, note);
    await browser.settle();
    bucket.removalOutcomes = Array.from({ length: 9 }, () => 503 as const);
    await tab.uploads.removeEntity(other);
    await browser.pass(60_000);
    const looks = vi.spyOn(IDBObjectStore.prototype, 'getAll');
    await browser.pass(5_000);
    const count = looks.mock.contexts.filter((store) => (store as IDBObjectStore).name === 'tombstones').length;
    looks.mockRestore();
    expect(count).toBeLessThan(5);
  });

  test('that never answers: it is told again, and holds up neither other removals nor pictures after an outage', async () => {
    const { browser, bucket, open } = setUp();
    const told: string[] = [];
    const signals: AbortSignal[] = [];
    const tab = open({
      owner: 'ann',
      transport: {
        ...bucket.transport,
        async remove({ entity }, { signal }) {
          told.push(entity.id);
          signals.push(signal);
          if (entity.id === note.id) await new Promise(() => {});
        },
      },
    });
    await tab.uploads.removeEntity(note, { imageIds: [`${'ab'.repeat(16)}.png`] });
    await browser.settle();
    await tab.uploads.removeEntity(other, { imageIds: [`${'ab'.repeat(16)}.png`] });
    bucket.isReachable = false;
    await add(tab, 1, other);
    await browser.pass(10_000);
    bucket.isReachable = true;
    await browser.pass(400_000);
    expect(statuses(tab)).toEqual(['uploaded']);
    expect(told.slice(0, 3).toSorted()).toEqual(['a', 'a', 'b']);
    expect(signals[0]?.aborted).toBe(true);
  });

  test('that refuses it for good is told no more', async () => {
    const { browser, bucket, tab } = setUp();
    const imageId = await add(tab, 1, note);
    bucket.removalOutcomes = [400];
    await tab.uploads.removeImage(note, imageId);
    await browser.pass(3_600_000);
    expect(bucket.removals).toHaveLength(1);
    expect(await browser.rows('tombstones')).toEqual([]);
  });

  test('without `remove`: uploads are canceled, the picture stays in the bucket, and nothing is left to do', async () => {
    const { browser, bucket, open } = setUp();
    const { remove: _, ...transport } = bucket.transport;
    const tab = open({ owner: 'ann', transport });
    const imageId = await add(tab, 1, note);
    await browser.settle();
    await tab.uploads.removeImage(note, imageId);
    bucket.otherwise = 'accepted';
    const second = await add(tab, 2, note);
    await browser.settle();
    await tab.uploads.removeImage(note, second);
    await browser.pass(60_000);
    expect(bucket.canceled).toEqual([tab.uploads.list()[0]?.jobId]);
    expect([bucket.objects.size, bucket.accepted.size, await browser.rows('tombstones')]).toEqual([1, 0, []]);
  });
});

test.each(['no `remove`', 'refused'] as const)(
  'an upload that a server has accepted is canceled there, although its removal is not taken: %s',
  async (how) => {
    const { browser, bucket, open } = setUp();
    const { remove, ...transport } = bucket.transport;
    const tab = open({ owner: 'ann', transport: { ...transport, ...(how === 'refused' && remove && { remove }) } });
    bucket.otherwise = 'accepted';
    bucket.removalOutcomes = [400];
    const imageId = await add(tab, 1, note);
    await browser.settle();
    browser.isOnline = false;
    await tab.uploads.removeImage(note, imageId);
    browser.isOnline = true;
    tab.page('reached');
    await browser.pass(60_000);
    expect(bucket.canceled).toEqual([tab.uploads.list()[0]?.jobId]);
    expect(bucket.accepted.size).toBe(0);
  },
);

test('a browser that is killed with a removal untold tells it after the relaunch', async () => {
  const { browser, bucket, tab, open } = setUp();
  const imageId = await add(tab, 1, note);
  await browser.settle();
  bucket.removalOutcomes = ['hang'];
  await tab.uploads.removeImage(note, imageId);
  await browser.settle();
  tab.kill();
  const next = open();
  await browser.settle();
  expect(bucket.removals).toHaveLength(2);
  expect([statuses(next), bucket.references, await browser.rows('tombstones')]).toEqual([['canceled'], new Set(), []]);
});

test('owners of one browser keep apart', async () => {
  const { browser, bucket, tab, open } = setUp();
  const bob = open({ owner: 'bob' });
  const imageId = await add(tab, 1, note);
  await add(bob, 1, note);
  await browser.pass(60_000);
  await bob.uploads.removeEntity(note);
  await browser.settle();
  expect([statuses(tab), statuses(bob)]).toEqual([['uploaded'], ['canceled']]);
  expect(bucket.removals).toMatchObject([{ owner: 'bob', images: [{ imageId }] }]);
});

test('rows of removed pictures go after a week, and the ids of entities after a year without word of them', async () => {
  const { browser, tab, open } = setUp();
  const imageId = await add(tab, 1, note);
  await tab.uploads.bindEntity(note, 'server-a');
  await tab.uploads.removeImage(note, imageId);
  await browser.settle();
  tab.kill();
  browser.jump(8 * DAY);
  const next = open();
  await browser.settle();
  expect([await browser.rows('jobs'), (await browser.rows('bindings')).length]).toEqual([[], 1]);
  next.kill();
  browser.jump(360 * DAY);
  open();
  await browser.settle();
  expect(await browser.rows('bindings')).toEqual([]);
});
