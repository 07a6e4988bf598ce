import { link, readFile, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { ImageCacheSettings } from '../../../plugin/cache/imageCacheSettings.ts';
import type { Sink, SourceMetadata, ImageRef } from '../../../plugin/cache/injected/source.ts';
import { createVariantMaker, inspectImage } from '../../../plugin/images/index.ts';
import type { CacheEvent, ManifestEntry } from '../../../plugin/protocol.ts';
import { openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';
import { photo } from '../../helpers/pictures.ts';

const NONE = { images: 0, original_bytes: 0, stored_bytes: 0, saved_bytes: 0 };
const EVENTUALLY = { timeout: 20_000, interval: 20 };

let jpeg: Buffer;
let other: Buffer;

beforeAll(async () => {
  [jpeg, other] = await Promise.all([
    photo(320, 240).jpeg({ quality: 95 }).toBuffer(),
    photo(330, 240).jpeg({ quality: 95 }).toBuffer(),
  ]);
});

/** An origin of one picture, which changes when it is told to, and answers conditional requests if it sends ETags. */
class PictureSource extends MemorySource {
  picture = jpeg;
  etag = '"1"';
  notModified = 0;

  constructor() {
    super(() => this.picture);
  }

  override async download(
    object: ImageRef,
    sink: Sink,
    signal: AbortSignal,
    knownEtag?: string,
  ): Promise<SourceMetadata> {
    const { etag } = this;
    if (etag !== '' && knownEtag === etag) {
      await this.delay(signal);
      this.notModified += 1;
      return { etag, contentType: 'image/jpeg', notModified: true };
    }
    return { ...(await super.download(object, sink, signal)), etag };
  }
}

/** The real maker, whose work can be held up, and is counted. */
function heldMaker() {
  const real = createVariantMaker();
  const maker = { ...real, compressions: 0, running: 0, most: 0, gate: Promise.resolve() };
  maker.compress = async (original) => {
    maker.compressions += 1;
    maker.running += 1;
    maker.most = Math.max(maker.most, maker.running);
    try {
      await maker.gate;
      return await real.compress(original);
    } finally {
      maker.running -= 1;
    }
  };
  return maker;
}

/** Holds the maker up until the returned function is called. */
function hold(maker: ReturnType<typeof heldMaker>): () => void {
  let release = () => {};
  maker.gate = new Promise((resolve) => (release = resolve));
  return () => release();
}

async function open(settings: Omit<Partial<ImageCacheSettings<ImageRef>>, 'source'> = {}) {
  const maker = heldMaker();
  const source = new PictureSource();
  const opened = await openCache({ inspect: inspectImage, compress: true, maker, idleMs: 50, ...settings, source });
  const { cache, dir } = opened;
  const entryOf = async (name: string): Promise<ManifestEntry> => {
    const entry = await cache.find(`mem:${name}`);
    if (entry === undefined) throw new Error(`${name} is not cached`);
    return entry;
  };
  const compressed = (name: string) =>
    vi.waitFor(async () => {
      const entry = await entryOf(name);
      expect(entry.content_type).toBe('image/webp');
      return entry;
    }, EVENTUALLY);
  const files = async () => {
    const found = await readdir(join(dir, 'images'), { recursive: true, withFileTypes: true }).catch(() => []);
    return found.filter((file) => file.isFile()).map((file) => file.name);
  };
  const temporary = () => readdir(join(dir, 'tmp')).catch(() => []);
  const compression = async () => (await cache.stats()).compression;
  return { ...opened, maker, source, entryOf, compressed, files, temporary, compression };
}

describe('with `compress`, an image', () => {
  it('is served as it came, and a while later as a smaller WebP, in memory and on disk', async () => {
    const { cache, dir, maker, compressed, files, temporary, compression, source } = await open();
    const release = hold(maker);
    const first = await cache.readUrl('mem:a');
    expect(first.body.equals(jpeg)).toBe(true);
    expect(first.entry.content_type).toBe('image/jpeg');
    expect(await compression()).toEqual(NONE);
    release();

    const entry = await compressed('a');
    expect(entry).toMatchObject({
      etag: '"1"',
      width: 320,
      height: 240,
      cached_at: first.entry.cached_at,
      original_sha256: first.entry.sha256,
      original_size_bytes: jpeg.length,
    });
    const bytes = await readFile(join(dir, entry.local_path.replace('.image-cache/', '')));
    expect(bytes.length).toBe(entry.size_bytes);
    expect(bytes.equals(await sharp(jpeg).webp({ quality: 85, effort: 2 }).toBuffer())).toBe(true);
    const again = await cache.readUrl('mem:a');
    expect([again.tier, again.body.equals(bytes)]).toEqual(['memory', true]);
    expect((await cache.readPath(entry.local_path)).body.equals(bytes)).toBe(true);
    await vi.waitFor(async () => expect(await files()).toEqual([basename(entry.local_path)]), EVENTUALLY);
    // The manifest may be on its way there.
    await vi.waitFor(async () => expect(await temporary()).toEqual([]), EVENTUALLY);
    expect(source.downloads).toBe(1);
    expect((await cache.stats()).total_size_bytes).toBe(bytes.length);
    expect(await compression()).toEqual({
      images: 1,
      original_bytes: jpeg.length,
      stored_bytes: bytes.length,
      saved_bytes: jpeg.length - bytes.length,
    });
  });

  it('that was prefetched is compressed, too, does not count as wasted, and pages get its new path', async () => {
    const { cache, compressed } = await open();
    const stored: string[] = [];
    cache.onEvent((event: CacheEvent) => void (event.type === 'stored' && stored.push(event.entry.content_type)));
    expect((await cache.prefetch({ s3_url: 'mem:a' }, '0001')).status).toBe('downloaded');
    await compressed('a');
    expect(stored).toEqual(['image/jpeg', 'image/webp']);
    expect((await cache.stats()).prefetching).toMatchObject({ loaded: 1, wasted_bytes: 0 });
    expect((await cache.prefetch({ s3_url: 'mem:a' }, '0001')).status).toBe('cached');
  });

  it('keeps its actors, its pin and its placeholder', async () => {
    const { cache, compressed, entryOf, maker } = await open({ placeholder: true });
    const release = hold(maker);
    await cache.readUrl('mem:a', { actorId: '0001' });
    await cache.prefetch({ s3_url: 'mem:a' }, '0002');
    await cache.pin({ s3_url: 'mem:a' });
    release();
    expect(await compressed('a')).toMatchObject({ actor_ids: ['0001', '0002'], pinned: true });
    await vi.waitFor(async () => expect((await entryOf('a')).placeholder).toBeDefined(), EVENTUALLY);
    expect((await entryOf('a')).content_type).toBe('image/webp');
  });

  it('survives a restart with its saving, and is not compressed again', async () => {
    const before = await open();
    await before.cache.readUrl('mem:a');
    await before.compressed('a');
    const saving = await before.compression();
    await before.cache.close();
    const after = await open({ dir: before.dir });
    expect(await after.compression()).toEqual(saving);
    expect((await after.cache.readUrl('mem:a')).entry.content_type).toBe('image/webp');
    const report = await after.cache.verify();
    expect(report).toMatchObject({ entries: 1, damaged: 0, missing: 0, quarantined: 0, unclaimed: 0 });
    await after.cache.close();
    expect([after.source.downloads, after.maker.compressions]).toEqual([0, 0]);
  });

  it('that was cached before is compressed when it is served', async () => {
    const before = await open({ compress: false });
    await before.cache.readUrl('mem:a');
    await before.cache.close();
    expect(before.maker.compressions).toBe(0);
    const after = await open({ dir: before.dir });
    await after.cache.readUrl('mem:a');
    await after.compressed('a');
    await after.cache.invalidate('mem:a');
    expect(await after.compression()).toEqual(NONE);
  });

  it('T33: that was cut is refused as ever', async () => {
    const { cache, source, files } = await open();
    source.picture = jpeg.subarray(0, jpeg.length - 500);
    source.proof = 'structure';
    await expect(cache.readUrl('mem:a')).rejects.toThrow();
    expect(await files()).toEqual([]);
  });

  it('with the same bytes as another is one file', async () => {
    const { cache, dir, compressed } = await open();
    for (const name of ['a', 'b']) await cache.readUrl(`mem:${name}`);
    const entries = [await compressed('a')];
    await cache.readUrl('mem:b'); // adds it again, in case that the work on the same bytes had begun when it came
    entries.push(await compressed('b'));
    await cache.readUrl('mem:c');
    entries.push(await compressed('c'));
    expect(new Set(entries.map(({ local_path }) => local_path)).size).toBe(3);
    const inodes = await Promise.all(
      entries.map(async ({ local_path }) => (await stat(join(dir, local_path.replace('.image-cache/', '')))).ino),
    );
    expect(new Set(inodes).size).toBe(1);
  });

  it('is adopted by its name when it is in no manifest', async () => {
    const before = await open();
    await before.cache.readUrl('mem:a');
    const { local_path } = await before.compressed('a');
    await before.cache.close();
    await rm(join(before.dir, 'manifest.json'));
    await rm(join(before.dir, 'journal'), { recursive: true });
    const after = await open({ dir: before.dir });
    expect((await after.cache.readUrl('mem:a')).entry).toMatchObject({ local_path, content_type: 'image/webp' });
    expect(after.source.downloads).toBe(0);
  });

  it('is compressed alone: only one at a time', async () => {
    const { cache, maker, compressed } = await open();
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => cache.readUrl(`mem:${name}`)));
    for (const name of names) await compressed(name);
    expect(maker.most).toBe(1);
  });
});

describe('an image stays as it came', () => {
  it('where WebP would be no smaller, and is tried once', async () => {
    const { cache, maker, source, entryOf } = await open();
    source.picture = await photo(320, 240).jpeg({ quality: 20 }).toBuffer();
    await cache.readUrl('mem:a');
    await vi.waitFor(() => expect([maker.compressions, maker.running]).toEqual([1, 0]), EVENTUALLY);
    await cache.readUrl('mem:a');
    expect((await entryOf('a')).content_type).toBe('image/jpeg');
    await cache.close();
    expect(maker.compressions).toBe(1);
  });

  it('where it cannot be decoded, without a warning', async () => {
    const { cache, maker, files, warnings } = await open();
    maker.compress = async () => {
      maker.compressions += 1;
      throw new Error('no');
    };
    await cache.readUrl('mem:a');
    await vi.waitFor(() => expect(maker.compressions).toBe(1), EVENTUALLY);
    await cache.close();
    expect((await files()).map((name) => name.endsWith('.jpg'))).toEqual([true]);
    expect(warnings).toEqual([]);
  });

  it('without sharp, and one warning says so', async () => {
    const missing = createVariantMaker({ importer: () => Promise.reject(new Error('not installed')) });
    const { cache, warnings, files } = await open({ maker: missing });
    await cache.readUrl('mem:a');
    await vi.waitFor(() => expect(warnings).toHaveLength(1), EVENTUALLY);
    expect(warnings[0]).toMatch(/needs sharp/);
    await cache.readUrl('mem:b');
    await cache.close();
    expect(warnings).toHaveLength(1);
    expect(await files()).toHaveLength(2);
  });

  it('unless asked for', async () => {
    const { cache, maker } = await open({ compress: false });
    const isAvailable = vi.spyOn(maker, 'isAvailable');
    await cache.readUrl('mem:a');
    await cache.close();
    expect(isAvailable).not.toHaveBeenCalled();
  });
});

describe('while an image is compressed', () => {
  /** An image whose compression has begun, and does not end before `release` is called. */
  async function openHeld(settings: Parameters<typeof open>[0] = {}) {
    const opened = await open(settings);
    const release = hold(opened.maker);
    await opened.cache.readUrl('mem:a', { actorId: '0001' });
    await vi.waitFor(() => expect(opened.maker.running).toBe(1), EVENTUALLY);
    const end = async () => {
      release();
      await opened.cache.close();
    };
    return { ...opened, release, end };
  }

  it.each<[string, (opened: Awaited<ReturnType<typeof openHeld>>) => Promise<unknown>]>([
    ['invalidated', ({ cache }) => cache.invalidate('mem:a')],
    ['cleared with its actor', ({ cache }) => cache.clear('0001')],
    ['cleared with all', ({ cache }) => cache.clear()],
    ['cleared by another process', async ({ dir }) => (await openCache({ dir, inspect: inspectImage })).cache.clear()],
  ])('T59: %s, it does not come back', async (_, clear) => {
    const opened = await openHeld();
    await clear(opened);
    await opened.end();
    expect(await opened.files()).toEqual([]);
    expect(await opened.temporary()).toEqual([]);
    const next = await open({ dir: opened.dir });
    expect(await next.cache.find('mem:a')).toBeUndefined();
  });

  it('T59: cleared at the last moment, when its file is there already, it does not come back', async () => {
    const { cache, dir, maker, release, files, temporary } = await openHeld();
    const clearer = await openCache({ dir, inspect: inspectImage });
    const isWritten = async () => (await files()).some((name) => name.endsWith('.webp'));
    const clearing = vi.waitFor(async () => expect(await isWritten()).toBe(true), { timeout: 20_000, interval: 1 });
    release();
    await clearing.then(() => clearer.cache.clear());
    await vi.waitFor(async () => expect(await files()).toEqual([]), EVENTUALLY);
    await cache.close();
    expect([maker.running, ...(await temporary())]).toEqual([0]);
  });

  it('the same object, fetched anew with other bytes, stays what it is', async () => {
    const { cache, source, entryOf, maker, release, compressed } = await openHeld();
    await cache.invalidate('mem:a');
    source.picture = other;
    await cache.readUrl('mem:a');
    release();
    const entry = await compressed('a');
    expect([entry.width, entry.original_size_bytes]).toEqual([330, other.length]);
    expect(maker.compressions).toBe(2);
    expect((await entryOf('a')).width).toBe(330);
  });

  it('it is served as it came, and a killed process leaves it so', async () => {
    const { cache, dir, entryOf, release } = await openHeld();
    expect((await cache.readUrl('mem:a')).body.equals(jpeg)).toBe(true);
    const next = await openCache({ dir, inspect: inspectImage });
    expect((await next.cache.readUrl('mem:a')).body.equals(jpeg)).toBe(true);
    expect((await entryOf('a')).content_type).toBe('image/jpeg');
    release();
  });

  it('a process that was killed before the entry leaves a file that does no harm', async () => {
    const opened = await openHeld();
    await opened.end();
    expect(await opened.files()).toHaveLength(1); // as it came or compressed, whichever was faster

    const finished = await open({ dir: opened.dir });
    await finished.cache.readUrl('mem:a');
    const webp = await finished.compressed('a');
    await finished.cache.close();

    const killed = await open();
    await killed.cache.readUrl('mem:a', { actorId: '0001' });
    const pathIn = (dir: string) => join(dir, webp.local_path.replace('.image-cache/', ''));
    await link(pathIn(finished.dir), pathIn(killed.dir));
    expect((await killed.cache.readUrl('mem:a')).body.equals(jpeg)).toBe(true);
    await killed.compressed('a');
    await vi.waitFor(async () => expect(await killed.files()).toEqual([basename(webp.local_path)]), EVENTUALLY);
    expect(await killed.cache.verify()).toMatchObject({ entries: 1, unclaimed: 0, damaged: 0, missing: 0 });
  });

  it('two processes agree on one image', async () => {
    const one = await openHeld();
    const two = await open({ dir: one.dir });
    const release = hold(two.maker);
    await two.cache.readUrl('mem:a');
    await vi.waitFor(() => expect(two.maker.running).toBe(1), EVENTUALLY);
    one.release();
    release();
    const entry = await one.compressed('a');
    expect((await two.compressed('a')).local_path).toBe(entry.local_path);
    await Promise.all([one.cache.close(), two.cache.close()]);
    expect(await one.files()).toEqual([basename(entry.local_path)]);
  });

  /** Asks the origin, which answers when the image has been compressed. */
  async function askMeanwhile({ cache, source, release, compressed }: Awaited<ReturnType<typeof openHeld>>) {
    let answer: (() => void) | undefined;
    source.delay = () => new Promise((resolve) => (answer = resolve));
    const asked = cache.readUrl('mem:a', { revalidate: true });
    await vi.waitFor(() => expect(answer).toBeDefined(), EVENTUALLY);
    release();
    await compressed('a');
    answer?.();
    return asked;
  }

  it('the answer of the origin that it has not changed counts', async () => {
    const opened = await openHeld();
    expect((await askMeanwhile(opened)).outcome).toBe('REVALIDATED');
    expect(await opened.entryOf('a')).toMatchObject({ content_type: 'image/webp', validated_at: expect.any(Number) });
  });

  it('the new version of a changed object replaces it', async () => {
    const opened = await openHeld();
    Object.assign(opened.source, { picture: other, etag: '"2"' });
    expect((await askMeanwhile(opened)).body.equals(other)).toBe(true);
    expect((await opened.entryOf('a')).width).toBe(330);
  });
});

describe('a compressed image', () => {
  it('is revalidated by the ETag of its original, and stays', async () => {
    const { cache, source, compressed } = await open();
    await cache.readUrl('mem:a');
    const { local_path } = await compressed('a');
    const { outcome, entry } = await cache.readUrl('mem:a', { revalidate: true });
    expect([outcome, entry.local_path]).toEqual(['REVALIDATED', local_path]);
    expect([source.downloads, source.notModified]).toEqual([1, 1]);
  });

  it.each([
    ['without an ETag', ''],
    ['with another ETag', '"2"'],
  ])('is known by the bytes of its original, %s', async (_, etag) => {
    const { cache, source, compressed, entryOf } = await open();
    await cache.readUrl('mem:a');
    const { local_path } = await compressed('a');
    source.etag = etag;
    await cache.readUrl('mem:a', { revalidate: true });
    expect(await entryOf('a')).toMatchObject({ local_path, etag });
    expect((await cache.stats()).revalidations).toMatchObject({ unchanged: 1, changed: 0 });
  });

  it('is replaced when the object changes, and the new image is compressed, too', async () => {
    const { cache, source, compressed, entryOf, files } = await open();
    await cache.readUrl('mem:a');
    await compressed('a');
    Object.assign(source, { picture: other, etag: '"2"' });
    const { body } = await cache.readUrl('mem:a', { revalidate: true });
    expect(body.equals(other)).toBe(true);
    expect((await entryOf('a')).original_sha256).toBeUndefined();
    expect(await compressed('a')).toMatchObject({ width: 330, original_size_bytes: other.length, etag: '"2"' });
    await vi.waitFor(async () => expect(await files()).toHaveLength(1), EVENTUALLY);
  });
});
