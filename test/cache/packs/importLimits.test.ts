import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCache } from '../../helpers/cache.ts';
import { fault } from '../../helpers/faultyFs.ts';
import { collect, END_OF_TAR, inPieces, packedImage, packManifest, rawEntry } from '../../helpers/packs.ts';

vi.mock('node:fs/promises', async (importActual) => {
  const { faultyFs } = await import('../../helpers/faultyFs.ts');
  return faultyFs(await importActual());
});
afterEach(fault.clear);

const IMAGE_BYTES = 2000;
let pack: Buffer;

beforeEach(async () => {
  const { cache } = await openCache();
  for (let n = 0; n < 10; n += 1) await cache.prefetch({ s3_url: `mem:${n}` }, n < 5 ? '0001' : '0002');
  pack = await collect(cache.exportPack());
});

describe('I43: a pack that does not fit is refused as a whole, and nothing is removed for it', () => {
  it.each([
    ['maxSize', { maxSize: 12 * IMAGE_BYTES - 1 }],
    ['maxEntries', { maxEntries: 11 }],
    ['a quota', { quotaOf: (actor: string) => (actor === '0002' ? 4 * IMAGE_BYTES : undefined) }],
  ])('%s', async (_, settings) => {
    const { cache, dir } = await openCache(settings);
    for (const name of ['mine', 'too']) await cache.prefetch({ s3_url: `mem:${name}` }, '0009');
    const files = () => readdir(join(dir, 'images'), { recursive: true });
    const before = await files();
    await expect(cache.importPack(inPieces(pack))).rejects.toMatchObject({
      code: 'PACK_TOO_LARGE',
      hint: expect.stringContaining('removes nothing'),
    });
    expect(await files()).toEqual(before);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  });

  it('maxSize to the byte; images that are cached already need no room', async () => {
    const { cache } = await openCache({ maxSize: 10 * IMAGE_BYTES, maxEntries: 10 });
    expect(await cache.importPack(inPieces(pack))).toMatchObject({ imported: 10 });
    expect(await cache.importPack(inPieces(pack))).toMatchObject({ imported: 0, known: 10 });
  });

  it('images with the same bytes share their room', async () => {
    const twins = ['a', 'b', 'c'].map((name) => {
      const { entry, body } = packedImage('same', { s3_url: `mem:${name}` });
      return { entry, body };
    });
    const { cache } = await openCache({ maxSize: IMAGE_BYTES });
    const files = twins
      .toSorted((a, b) => (a.entry.local_path < b.entry.local_path ? -1 : 1))
      .map(({ entry, body }) => rawEntry({ name: entry.local_path, body }));
    const packed = Buffer.concat([packManifest(twins.map(({ entry }) => entry)), ...files, END_OF_TAR]);
    await expect(cache.importPack(inPieces(packed))).resolves.toMatchObject({ total: 3 });
  });

  it('minFreeSpace', async () => {
    const { cache } = await openCache({ minFreeSpace: Number.MAX_SAFE_INTEGER });
    await expect(cache.importPack(inPieces(pack))).rejects.toMatchObject({ code: 'CACHE_DISK_FULL' });
    expect(await cache.stats()).toMatchObject({ total_entries: 0 });
  });
});

describe('I43: nothing is removed for packs that fitted when they began', () => {
  const LIMITS = [
    ['maxSize', { maxSize: 12 * IMAGE_BYTES }],
    ['maxEntries', { maxEntries: 12 }],
    ['a quota', { quotaOf: (actor: string) => (actor === '0001' ? 12 * IMAGE_BYTES : undefined) }],
  ] as const;

  async function withTwoOfMine(settings: object) {
    const { cache } = await openCache(settings);
    for (const name of ['mine', 'too']) await cache.prefetch({ s3_url: `mem:${name}` }, '0001');
    return cache;
  }
  async function expectMineWithinLimits(cache: Awaited<ReturnType<typeof withTwoOfMine>>) {
    expect((await cache.lookup(['mem:mine', 'mem:too'])).filter((entry) => entry !== undefined)).toHaveLength(2);
    expect((await cache.stats()).total_entries).toBeLessThanOrEqual(12);
  }

  it.each(LIMITS)('two at once: %s', async (_, settings) => {
    const cache = await withTwoOfMine(settings);
    const packs = [await packOf(100, 8), await packOf(200, 8)];
    const results = await Promise.allSettled(packs.map((each) => cache.importPack(inPieces(each))));
    expect(results).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({ code: 'PACK_TOO_LARGE', message: expect.stringContaining('by now') }),
    });
    await expectMineWithinLimits(cache);
  });

  it.each(LIMITS)('images are downloaded meanwhile: %s', async (_, settings) => {
    const cache = await withTwoOfMine(settings);
    const full = await packOf(100, 10);
    async function* input() {
      yield full.subarray(0, full.length / 2);
      for (const name of ['new', 'newer']) await cache.prefetch({ s3_url: `mem:${name}` }, '0001');
      yield full.subarray(full.length / 2);
    }
    await expect(cache.importPack(input())).rejects.toMatchObject({ code: 'PACK_TOO_LARGE' });
    await expectMineWithinLimits(cache);
  });

  it('a new version of a pack replaces the images of the old one, also where there may be no more images', async () => {
    const { cache } = await openCache({ maxEntries: 12 });
    for (const version of ['old', 'new']) {
      const images = Array.from({ length: 12 }, (_, n) => packedImage(`${version} ${n}`, { s3_url: `mem:${n}` }));
      const sorted = images.toSorted((a, b) => (a.entry.local_path < b.entry.local_path ? -1 : 1));
      const files = sorted.map(({ entry, body }) => rawEntry({ name: entry.local_path, body }));
      const packed = Buffer.concat([packManifest(sorted.map(({ entry }) => entry)), ...files, END_OF_TAR]);
      expect(await cache.importPack(inPieces(packed))).toMatchObject({ imported: 12, refused: 0 });
      expect(await cache.stats()).toMatchObject({ total_entries: 12 });
    }
  });
});

/** A pack of images that a cache elsewhere has downloaded. */
async function packOf(first: number, count: number): Promise<Buffer> {
  const { cache } = await openCache();
  for (let n = first; n < first + count; n += 1) await cache.prefetch({ s3_url: `mem:${n}` }, '0001');
  return collect(cache.exportPack());
}

describe('I43: the disk fills', () => {
  it.each([
    ['while the manifest is written', 'handle.writev', 1],
    ['while an image is written', 'handle.writev', 4],
    ['when an image gets its name', 'rename', 3],
    ['when the journal is written', 'handle.write', 2],
  ])('%s: whole images stay, and the import can be repeated', async (_, call, nth) => {
    const { cache, dir } = await openCache();
    await cache.stats();
    let calls = 0;
    fault.of = (name) => (name === call && (calls += 1) >= nth ? 'ENOSPC' : undefined);
    await expect(cache.importPack(inPieces(pack))).rejects.toMatchObject({ code: 'CACHE_DISK_FULL' });
    fault.clear();
    const { total_entries } = await cache.stats();
    expect(total_entries).toBeLessThan(10);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    expect(await cache.verify()).toMatchObject({ damaged: 0, missing: 0, unclaimed: 0, quarantined: 0 });
    expect(await cache.importPack(inPieces(pack))).toMatchObject({
      imported: 10 - total_entries,
      known: total_entries,
    });
  });
});

it('a pack is read one image at a time, however large it is', async () => {
  const size = 2 << 20;
  const images = Array.from({ length: 16 }, (_, n) => packedImage(`large ${n}`, {}, size)).toSorted((a, b) =>
    a.entry.local_path < b.entry.local_path ? -1 : 1,
  );
  const { cache } = await openCache();
  let mostUnread = 0;
  let given = 0;
  let taken = 0;
  async function* input() {
    yield packManifest(images.map(({ entry }) => entry));
    for (const { entry, body } of images) {
      const bytes = rawEntry({ name: entry.local_path, body });
      given += bytes.length;
      mostUnread = Math.max(mostUnread, given - taken);
      yield* inPieces(bytes, 1 << 20);
    }
    yield END_OF_TAR;
  }
  const answer = await cache.importPack(input(), { onProgress: ({ checked }) => void (taken = checked * size) });
  expect(answer).toMatchObject({ imported: 16, refused: 0 });
  expect(mostUnread).toBeLessThan(6 * size);

  let written = 0;
  let mostAhead = 0;
  let read = 0;
  for await (const chunk of cache.exportPack({ onProgress: ({ size_bytes }) => void (written = size_bytes) })) {
    mostAhead = Math.max(mostAhead, written - read);
    read += chunk.length;
  }
  expect(mostAhead).toBeLessThan(8 * size);
});
