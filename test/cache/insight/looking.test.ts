import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { createVariantMaker, inspectImage } from '../../../plugin/images/index.ts';
import { openCache } from '../../helpers/cache.ts';
import { jpeg } from '../../helpers/images.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

const NEVER = new AbortController().signal;

/** A cache of real pictures. */
async function withPictures(settings: Parameters<typeof openCache>[0] = {}) {
  const pictures = new Map<string, Buffer>([
    ['small', await jpeg(1, { width: 100, height: 80 })],
    ['large', await jpeg(2, { width: 800, height: 400 })],
  ]);
  const source = new MemorySource((name) => pictures.get(name) ?? Buffer.from('none'));
  const opened = await openCache({
    source,
    inspect: (bytes, proof) => inspectImage(bytes, proof, { allowSvg: false }),
    maker: createVariantMaker(),
    ...settings,
  });
  const entryOf = async (name: string) => (await opened.cache.readUrl(`mem:${name}`)).entry;
  const fileOf = ({ local_path }: ManifestEntry) => join(opened.dir, local_path.replace('.image-cache/', ''));
  return { ...opened, pictures, entryOf, fileOf };
}

describe('GET /thumb', () => {
  it('is a small WebP; a small picture is shown as it is', async () => {
    const { cache, entryOf, pictures } = await withPictures();
    const [large, small] = [await entryOf('large'), await entryOf('small')];
    const thumb = await cache.insight.thumb(large.local_path, 256, NEVER);
    expect(thumb.contentType).toBe('image/webp');
    expect(await sharp(thumb.body).metadata()).toMatchObject({ width: 256, height: 128 });
    expect(await cache.insight.thumb(large.local_path, 1024, NEVER)).toMatchObject({ contentType: 'image/jpeg' });
    expect((await cache.insight.thumb(small.local_path, 256, NEVER)).body).toEqual(pictures.get('small'));
  });

  it('without sharp it is the original, unless that is large', async () => {
    const { cache, entryOf, pictures } = await withPictures({
      maker: createVariantMaker({ importer: () => Promise.reject(new Error('none')) }),
    });
    const large = await entryOf('large');
    expect((await cache.insight.thumb(large.local_path, 256, NEVER)).body).toEqual(pictures.get('large'));
    pictures.set('huge', Buffer.concat([await jpeg(3, { width: 800, height: 400 }), Buffer.alloc(1.1e6)]));
    const huge = await entryOf('huge');
    expect(huge.size_bytes).toBeGreaterThan(1e6);
    await expect(cache.insight.thumb(huge.local_path, 256, NEVER)).rejects.toMatchObject({ code: 'NOT_CACHED' });
  });

  it.each([
    ['is gone', (path: string) => rm(path)],
    ['has other bytes', (path: string) => writeFile(path, 'other')],
  ])('a file that %s has none, and nothing is done about it', async (_, damage) => {
    const { cache, dir, entryOf, fileOf } = await withPictures({ memoryMaxSize: 0 });
    const entry = await entryOf('large');
    await damage(fileOf(entry));
    await expect(cache.insight.thumb(entry.local_path, 256, NEVER)).rejects.toMatchObject({ code: 'NOT_CACHED' });
    expect((await cache.stats()).total_entries).toBe(1);
    await expect(readdir(join(dir, 'quarantine'))).rejects.toThrow('ENOENT');
  });

  it('a path of no image is none, whatever it is', async () => {
    const { cache } = await withPictures();
    for (const path of ['../../etc/passwd', '', '.image-cache/manifest.json']) {
      await expect(cache.insight.thumb(path, 256, NEVER)).rejects.toMatchObject({ code: 'NOT_CACHED' });
    }
  });
});

/** All that an image keeps of having been used, and the files. */
async function tracesOf(dir: string, entries: readonly ManifestEntry[]) {
  const files = (await readdir(dir, { recursive: true })).filter((name) => !name.startsWith('journal/')); // it is compacted
  return {
    files: files.toSorted(),
    used: entries.map(({ last_used_at, validated_at }) => [last_used_at, validated_at]),
  };
}

it('I14: whoever looks changes nothing: no use, no count, no file, no record, and no order of eviction', async () => {
  let time = Date.UTC(2026, 0, 1);
  const { cache, dir, entryOf } = await withPictures({ now: () => (time += 1), maxEntries: 2, memoryPreload: true });
  const [small, large] = [await entryOf('small'), await entryOf('large')];
  const append = vi.spyOn(JournalManifest.prototype, 'append');
  onTestFinished(() => append.mockRestore());
  const before = await tracesOf(dir, [small, large]);
  const { hits, misses, preloading, variants, memory } = await cache.stats();
  for (let n = 0; n < 40; n += 1) {
    await cache.insight.live(0);
    await cache.insight.entries({ text: n % 2 === 0 ? 'SMALL' : 'none' });
    await cache.insight.entry('mem:small');
    await cache.insight.thumb(small.local_path, 256, NEVER);
    await cache.insight.thumb(large.local_path, 256, NEVER);
    cache.insight.queue();
    cache.insight.problems();
    await cache.insight.storage();
    await cache.insight.actors('');
    await cache.insight.history('30d');
  }
  await cache.insight.check(NEVER, () => undefined);
  expect(append).not.toHaveBeenCalled();
  expect(await tracesOf(dir, [small, large])).toEqual(before);
  expect(await cache.stats()).toMatchObject({ hits, misses, preloading, variants, memory });
});

it.each([
  ['within its time', undefined],
  ['later than requests wait for it', 1],
])('I15: a manifest that is still being read, %s: the page is told how large it is', async (_, openTimeoutMs) => {
  const { cache: first, dir } = await openCache();
  await first.readUrl('mem:a');
  await first.close();
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { open } = JournalManifest.prototype;
  const spy = vi.spyOn(JournalManifest.prototype, 'open').mockImplementation(async function (this: JournalManifest) {
    await held;
    return open.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  const { cache } = await openCache({ dir, ...(openTimeoutMs !== undefined && { openTimeoutMs }) });
  for (let n = 0; n < 2; n += 1) {
    expect(await cache.insight.live(undefined)).toMatchObject({ opening: { images: 1 }, stats: { total_entries: 0 } });
  }
  letGo();
  await expect.poll(() => cache.insight.live(undefined)).toMatchObject({ stats: { total_entries: 1 } });
  expect(await cache.insight.live(undefined)).not.toHaveProperty('opening');
});
