// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Entity } from '../../../components/uploads/entity.ts';
import type { ImageUploadsOptions } from '../../../components/uploads/imageUploads.ts';
import type { StoredImage } from '../../../components/uploads/onStored.ts';
import { fakeBrowser, type FakeTab } from './fakeBrowser.ts';
import { fakeBucket, referenceOf } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

const note = { type: 'note', id: 'a' };
const other = { type: 'note', id: 'b' };
const DAY = 24 * 3_600_000;

function setUp(options: ImageUploadsOptions = {}) {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  const told: StoredImage[] = [];
  const open = (): FakeTab =>
    browser.open({ transport: bucket.transport, onStored: (stored) => void told.push(stored), ...options });
  return { browser, bucket, told, tab: open(), open };
}

async function upload({ uploads }: FakeTab, number: number, entity: Entity): Promise<string> {
  const [saved] = await uploads.upload(pictureFile(number), { entity });
  return saved?.ref ?? '';
}

const statuses = ({ uploads }: FakeTab, entity: Entity) => uploads.listOf(entity).map(({ status }) => status);
const idOf = (ref: string) => ref.slice(-36, -4);

describe('a reference that is pasted into another note', () => {
  test('makes that note a user of the picture without its bytes, and the picture stays when the first note is deleted', async () => {
    const { browser, bucket, told, tab } = setUp();
    const ref = await upload(tab, 1, note);
    await browser.settle();
    await tab.uploads.addImage(other, ref);
    await browser.settle();
    await tab.uploads.removeEntity(note);
    await browser.settle();
    expect(bucket.references).toEqual(new Set([referenceOf(other, idOf(ref))]));
    expect([bucket.sent.length, bucket.added.length, bucket.complaints]).toEqual([1, 1, []]);
    expect(statuses(tab, other)).toEqual(['uploaded']);
    // The app is told of it, as of every picture of an entity.
    expect(told.map(({ entity, ref: its }) => [entity.id, its])).toEqual([
      ['a', ref],
      ['b', ref],
    ]);
    expect(told[1]?.url).toBe(told[0]?.url);
  });

  test('is durable at once, and told after a kill, offline, as soon as that is possible', async () => {
    const { browser, bucket, tab, open } = setUp();
    const ref = await upload(tab, 1, note);
    await browser.settle();
    browser.isOnline = false;
    await tab.uploads.addImage(other, ref);
    tab.kill();
    const next = open();
    await browser.settle();
    expect(statuses(next, other)).toEqual(['pending']);
    browser.isOnline = true;
    next.page('reached');
    await browser.settle();
    expect([statuses(next, other), bucket.added.length, bucket.checked]).toEqual([['uploaded'], 1, []]);
  });

  test('of a picture that the bucket does not have yet: it is uploaded for both, although the first note is deleted', async () => {
    const { browser, bucket, tab } = setUp();
    browser.isOnline = false;
    const ref = await upload(tab, 1, note);
    await tab.uploads.addImage(other, ref);
    await tab.uploads.removeEntity(note);
    browser.isOnline = true;
    tab.page('reached');
    await browser.pass(60_000);
    expect(bucket.references).toEqual(new Set([referenceOf(other, idOf(ref))]));
    expect([statuses(tab, note), statuses(tab, other), bucket.added]).toEqual([['canceled'], ['uploaded'], []]);
    expect(await browser.rows('bytes')).toEqual([]);
  });

  test('by a tab that has only just been opened finds the bytes that wait', async () => {
    const { browser, bucket, tab, open } = setUp();
    browser.isOnline = false;
    const ref = await upload(tab, 1, note);
    tab.kill();
    await open().uploads.addImage(other, ref);
    expect(await browser.rows('bytes')).toHaveLength(2);
    expect(bucket.added).toEqual([]);
  });

  test('does nothing where the note has the picture already, however often it is said', async () => {
    const { browser, bucket, tab } = setUp();
    const ref = await upload(tab, 1, note);
    for (let times = 0; times < 3; times += 1) {
      await tab.uploads.addImage(note, ref);
      await tab.uploads.addImage(other, ref);
      await browser.settle();
    }
    expect(await browser.rows('jobs')).toHaveLength(2);
    expect([...bucket.references].toSorted()).toEqual([referenceOf(note, idOf(ref)), referenceOf(other, idOf(ref))]);
  });

  test('in a tab that has not heard yet that another one has removed it: it is had again', async () => {
    const { browser, bucket, tab, open } = setUp();
    const second = open();
    const ref = await upload(tab, 1, note);
    await browser.settle();
    await second.uploads.removeImage(note, ref);
    await tab.uploads.addImage(note, ref);
    await browser.pass(60_000);
    expect(bucket.references).toEqual(new Set([referenceOf(note, idOf(ref))]));
    expect(statuses(tab, note)).toEqual(['canceled', 'uploaded']);
  });

  test('of a picture that this browser has forgotten, or another device has uploaded', async () => {
    const { browser, bucket, tab, open } = setUp();
    const ref = await upload(tab, 1, note);
    await browser.settle();
    tab.kill();
    browser.jump(8 * DAY);
    const next = open();
    await browser.settle();
    expect(next.uploads.list()).toEqual([]);
    await expect(next.uploads.addImage(other, idOf(ref))).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
    await next.uploads.addImage(other, `https://cdn.test/api/cache${ref.slice(10).toUpperCase()}?w=200`);
    await browser.settle();
    expect(statuses(next, other)).toEqual(['uploaded']);
    expect(next.uploads.listOf(other)[0]).toMatchObject({ ref, type: 'image/png' });
    expect(bucket.references.has(referenceOf(other, idOf(ref)))).toBe(true);
  });

  test('of a picture that nobody has is missing, and may be added again when somebody has it', async () => {
    const { browser, bucket, tab } = setUp();
    const ref = await upload(tab, 1, note);
    await browser.settle();
    const objects = [...bucket.objects];
    bucket.objects.clear();
    await tab.uploads.addImage(other, ref);
    await browser.settle();
    expect(statuses(tab, other)).toEqual(['missing']);
    for (const [key, digest] of objects) bucket.objects.set(key, digest);
    await tab.uploads.addImage(other, ref);
    await browser.settle();
    expect(statuses(tab, other)).toEqual(['missing', 'uploaded']);
  });
});

describe('a picture that a note had before', () => {
  test('comes back by its reference, also while its removal is being told', async () => {
    for (const outcome of ['hang', 'hang late', undefined] as const) {
      const { browser, bucket, tab } = setUp();
      const ref = await upload(tab, 1, note);
      await browser.settle();
      if (outcome) bucket.removalOutcomes = [outcome];
      await tab.uploads.removeImage(note, ref);
      await browser.settle();
      await tab.uploads.addImage(note, ref);
      await browser.settle();
      bucket.release();
      await browser.pass(60_000);
      expect(bucket.references).toEqual(new Set([referenceOf(note, idOf(ref))]));
      expect(statuses(tab, note)).toEqual(['canceled', 'uploaded']);
    }
  });

  test('and is removed again while it is being added is not had', async () => {
    const { browser, bucket, tab } = setUp();
    const ref = await upload(tab, 1, note);
    await browser.settle();
    await tab.uploads.addImage(other, ref);
    await tab.uploads.removeEntity(other);
    await browser.pass(60_000);
    expect([statuses(tab, other), bucket.references]).toEqual([['canceled'], new Set([referenceOf(note, idOf(ref))])]);
  });
});

test('without `add` in the transport, the app alone is told', async () => {
  const { add: _, ...transport } = fakeBucket().transport;
  const { browser, told, tab } = setUp({ transport });
  const ref = await upload(tab, 1, note);
  await browser.settle();
  await tab.uploads.addImage(other, ref);
  await browser.settle();
  expect(told.map(({ entity, url }) => [entity.id, url])).toEqual([
    ['a', told[0]?.url],
    ['b', told[0]?.url],
  ]);
});

test.each(['', 'note.png', '../i/passwd', 'ab'.repeat(16)])('IMAGE_UNKNOWN: %j', async (text) => {
  const { browser, tab } = setUp();
  await expect(tab.uploads.addImage(note, text)).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  expect(await browser.rows('jobs')).toEqual([]);
});

test('a picture that an earlier app has named by a UUID needs nothing, as it is never deleted', async () => {
  const { browser, tab } = setUp();
  await tab.uploads.addImage(note, '/api/cache/i/01234567-89ab-cdef-0123-456789abcdef.jpg');
  expect(await browser.rows('jobs')).toEqual([]);
});

test('owners of one browser keep apart', async () => {
  const { browser, tab, bucket } = setUp();
  const bob = browser.open({ transport: bucket.transport, owner: 'bob' });
  const ref = await upload(tab, 1, note);
  await bob.uploads.addImage(note, ref);
  await browser.settle();
  expect([statuses(tab, note), bob.uploads.listOf(note)[0]?.filename]).toEqual([['uploaded'], ref.split('/').at(-1)]);
});
