import { mkdir, readFile, readdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { ImageCacheSettings } from '../../../plugin/cache/imageCacheSettings.ts';
import type { ImageRef } from '../../../plugin/cache/injected/source.ts';
import type { VariantMaker } from '../../../plugin/cache/variants/variantMaker.ts';
import type { VariantSpec } from '../../../plugin/cache/variants/variantSpec.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import { createVariantMaker, inspectImage } from '../../../plugin/images/index.ts';
import { openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { MemorySource } from '../../helpers/memorySource.ts';
import { photo } from '../../helpers/pictures.ts';
import { refusal } from '../../helpers/source.ts';

const WEBP_64: VariantSpec = {
  width: 64,
  height: undefined,
  fit: 'inside',
  format: 'webp',
  quality: 75,
  negotiated: false,
};

const sized = (width: number): VariantSpec => ({ ...WEBP_64, width });

let pictures: Map<string, Buffer>;

beforeAll(async () => {
  const names = ['a', 'b', 'c'];
  const bytes = await Promise.all(
    names.map((_, n) =>
      photo(320 + n, 240)
        .jpeg({ quality: 95 })
        .toBuffer(),
    ),
  );
  pictures = new Map(names.map((name, n) => [name, bytes[n] ?? Buffer.alloc(0)]));
});

/** The real maker, which counts. */
function countingMaker() {
  const real = createVariantMaker();
  const maker = { ...real, made: 0, running: 0, most: 0, gate: Promise.resolve() };
  maker.make = async (original, spec) => {
    maker.made += 1;
    maker.running += 1;
    maker.most = Math.max(maker.most, maker.running);
    try {
      await maker.gate;
      return await real.make(original, spec);
    } finally {
      maker.running -= 1;
    }
  };
  return maker satisfies VariantMaker;
}

async function open(settings: Omit<Partial<ImageCacheSettings<ImageRef>>, 'source'> = {}) {
  const maker = countingMaker();
  const opened = await openCache({
    source: new MemorySource((name) => pictures.get(name) ?? Buffer.alloc(0)),
    inspect: inspectImage,
    maker,
    ...settings,
  });
  const filesIn = async (folder: string) => {
    const files = await readdir(join(opened.dir, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    return files.filter((file) => !file.isDirectory()).map((file) => join(file.parentPath, file.name));
  };
  return { ...opened, maker, variantFiles: () => filesIn('variants') };
}

const read = ({ cache }: Awaited<ReturnType<typeof open>>, name: string, spec = WEBP_64) =>
  cache.readVariant({ url: `mem:${name}` }, spec);

describe('a variant', () => {
  it('is made once, of an original that is downloaded once, and then comes from memory', async () => {
    const opened = await open();
    const first = await read(opened, 'a');
    expect([first.origin, first.tier, first.contentType]).toEqual(['made', 's3', 'image/webp']);
    const second = await read(opened, 'a');
    expect([second.origin, second.tier, second.digest]).toEqual(['memory', 'memory', first.digest]);
    expect(second.body.equals(first.body)).toBe(true);
    const byPath = await opened.cache.readVariant({ path: first.entry.local_path }, WEBP_64);
    expect(byPath.origin).toBe('memory');
    expect([opened.maker.made, opened.source.downloads]).toEqual([1, 1]);
    expect((await opened.cache.stats()).variants).toEqual({
      count: 1,
      size_bytes: first.body.length,
      made: 1,
      hits: 2,
      failed: 0,
    });
  });

  it('is made once for all simultaneous requests', async () => {
    const opened = await open();
    const answers = await Promise.all(Array.from({ length: 50 }, () => read(opened, 'a')));
    expect(new Set(answers.map(({ digest }) => digest)).size).toBe(1);
    expect([opened.maker.made, opened.source.downloads]).toEqual([1, 1]);
  });

  it('waits for its turn: no more are made at a time than half of the cores', async () => {
    const opened = await open();
    await opened.cache.readUrl('mem:a');
    await Promise.all([16, 32, 48, 64, 96, 128].map((width) => read(opened, 'a', sized(width))));
    expect(opened.maker.made).toBe(6);
    expect(opened.maker.most).toBeLessThanOrEqual(2);
  });

  it('continues for the others when the first requester has left', async () => {
    const opened = await open();
    await opened.cache.readUrl('mem:a');
    const left = new AbortController();
    const first = opened.cache.readVariant({ url: 'mem:a', signal: left.signal }, WEBP_64);
    const second = read(opened, 'a');
    left.abort();
    await first.catch(() => undefined);
    expect((await second).contentType).toBe('image/webp');
  });

  it.each(['url', 'path'])(
    'requested by %s, without a waiting request is not made; one that is being made is stored',
    async (by) => {
      const opened = await open();
      const { entry } = await opened.cache.readUrl('mem:a');
      let release = () => {};
      opened.maker.gate = new Promise((resolve) => (release = resolve));
      const left = new AbortController();
      const asked = by === 'url' ? { url: 'mem:a' } : { path: entry.local_path };
      const scrolledPast = Array.from({ length: 40 }, (_, n) =>
        refusal(opened.cache.readVariant({ ...asked, signal: left.signal }, sized(100 + n))),
      );
      await vi.waitFor(() => expect(opened.maker.running).toBeGreaterThan(0));
      left.abort();
      const refusals = await Promise.all(scrolledPast);
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['ABORTED']));
      const begun = opened.maker.made;
      release();
      expect((await read(opened, 'a')).origin).toBe('made');
      expect(opened.maker.made).toBe(begun + 1);
      await vi.waitFor(async () => expect(await opened.variantFiles()).toHaveLength(begun + 1));
      expect((await opened.cache.stats()).variants).toMatchObject({ made: begun + 1, failed: 0 });
      expect(opened.warnings).toEqual([]);
    },
  );

  it('that is being made is stored even if all requesters have left, also if its original has to be fetched again', async () => {
    const opened = await open({ memoryMaxSize: 0 });
    const { entry } = await opened.cache.readUrl('mem:a');
    await rm(join(opened.dir, entry.local_path.replace('.image-cache/', '')));
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    opened.source.delay = () => gate;
    const left = new AbortController();
    const asked = refusal(opened.cache.readVariant({ url: 'mem:a', signal: left.signal }, WEBP_64));
    await vi.waitFor(() => expect(opened.source.active).toBe(1));
    left.abort();
    expect((await asked).code).toBe('ABORTED');
    release();
    await vi.waitFor(async () => expect(await opened.variantFiles()).toHaveLength(1));
  });

  it('that fails is tried again by the next request', async () => {
    const opened = await open();
    const { make } = opened.maker;
    opened.maker.make = () => Promise.reject(new Error('no'));
    await expect(read(opened, 'a')).rejects.toThrow('no');
    opened.maker.make = make;
    expect((await read(opened, 'a')).origin).toBe('made');
    expect((await opened.cache.stats()).variants.failed).toBe(1);
  });

  it.each<[string, Error]>([
    ['fails for once', new Error('no')],
    ['has to wait for too many others', new ImageCacheError('OVERLOADED', 'no')],
    ['is made of what is no longer taken for an image', new ImageCacheError('NOT_AN_IMAGE', 'no')],
  ])('B12: that %s is the original, unless a format was asked for by name, and is tried again', async (_, error) => {
    const opened = await open();
    const { make } = opened.maker;
    opened.maker.make = () => Promise.reject(error);
    const negotiated = { ...WEBP_64, negotiated: true };
    const instead = await read(opened, 'a', negotiated);
    expect([instead.origin, instead.contentType, instead.digest]).toEqual([
      'not-made',
      'image/jpeg',
      instead.entry.sha256,
    ]);
    await expect(read(opened, 'a')).rejects.toBe(error);
    opened.maker.make = make;
    expect((await read(opened, 'a', negotiated)).origin).toBe('made');
  });

  it('B12: whose original cannot be read is refused for what is wrong with that', async () => {
    const opened = await open();
    opened.source.delay = () => Promise.reject(new ImageCacheError('UPSTREAM_NOT_FOUND', 'gone'));
    expect((await refusal(read(opened, 'a', { ...WEBP_64, negotiated: true }))).code).toBe('UPSTREAM_NOT_FOUND');
  });

  it('is the same for all sizes that are larger than the original', async () => {
    const opened = await open();
    await read(opened, 'a', sized(320));
    await read(opened, 'a', sized(640));
    await read(opened, 'a', sized(3840));
    expect(opened.maker.made).toBe(1);
  });

  it('is the original if nothing would change', async () => {
    const opened = await open();
    const same = await read(opened, 'a', { ...WEBP_64, width: 640, format: undefined, negotiated: true });
    expect([same.origin, same.contentType, same.digest]).toEqual(['as-is', 'image/jpeg', same.entry.sha256]);
    expect(same.body.equals(pictures.get('a') ?? Buffer.alloc(0))).toBe(true);
    expect(opened.maker.made).toBe(0);
  });

  it('that is worse than the original is remembered as such', async () => {
    const opened = await open();
    opened.maker.make = async () => {
      opened.maker.made += 1;
      return undefined;
    };
    for (let n = 0; n < 3; n += 1) expect((await read(opened, 'a')).origin).toBe('as-is');
    await opened.cache.close();
    const next = await open({ dir: opened.dir });
    expect((await read(next, 'a')).origin).toBe('as-is');
    expect([opened.maker.made, next.maker.made]).toEqual([1, 0]);
  });

  it('is the original if no image library is installed', async () => {
    const { cache, warnings } = await open({ maker: { ...countingMaker(), isAvailable: async () => false } });
    expect(warnings).toEqual([]);
    const answer = await cache.readVariant({ url: 'mem:a' }, WEBP_64);
    expect([answer.origin, answer.contentType]).toEqual(['no-maker', 'image/jpeg']);
    expect(warnings, '5: the terminal says how to mend it').toEqual([expect.stringContaining('npm install sharp')]);
  });
});

describe('on disk', () => {
  it('survives a restart, without the original being read', async () => {
    const before = await open();
    const made = await read(before, 'a');
    await before.cache.close();
    const after = await open({ dir: before.dir });
    await rm(join(after.dir, made.entry.local_path.replace('.image-cache/', '')));
    const answer = await read(after, 'a');
    expect([answer.origin, answer.digest]).toEqual(['disk', made.digest]);
    expect([after.maker.made, after.source.downloads]).toEqual([0, 0]);
  });

  it('is found by another process at once', async () => {
    const one = await open();
    const other = await open({ dir: one.dir });
    await other.cache.stats();
    await read(one, 'a');
    expect((await read(other, 'a')).origin).toBe('disk');
    expect([other.maker.made, other.source.downloads]).toEqual([0, 0]);
  });

  it.each([
    [
      'a flipped bit',
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
    ['a cut', (path: string) => truncate(path, 10)],
    ['an emptied file', (path: string) => truncate(path, 0)],
    ['no file', (path: string) => rm(path)],
    [
      'a link to somewhere else',
      async (path: string) => {
        await rm(path);
        await symlink('/etc/hostname', path);
      },
    ],
    [
      'a directory',
      async (path: string) => {
        await rm(path);
        await mkdir(path);
      },
    ],
  ])('T54: %s is never served, but made again', async (_, harm) => {
    const opened = await open({ memoryMaxSize: 0 });
    const made = await read(opened, 'a');
    const [path = ''] = await opened.variantFiles();
    await harm(path);
    const again = await read(opened, 'a');
    expect([again.origin, again.digest]).toEqual(['made', made.digest]);
  });

  it('T15: a folder that is a link is neither read nor written to', async () => {
    const opened = await open({ memoryMaxSize: 0 });
    const { entry } = await opened.cache.readUrl('mem:a');
    const elsewhere = await temporaryDirectory();
    await mkdir(join(opened.dir, 'variants'));
    await symlink(elsewhere, join(opened.dir, 'variants', entry.sha256));
    expect((await read(opened, 'a')).origin).toBe('made');
    expect((await read(opened, 'a')).origin).toBe('made');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('a directory that cannot be written is no reason to show nothing', async () => {
    const opened = await open();
    await opened.cache.readUrl('mem:a');
    await writeFile(join(opened.dir, 'variants'), 'in the way');
    expect((await read(opened, 'a')).origin).toBe('made');
  });
});

describe('removal', () => {
  it.each([
    ['invalidate', (cache: Awaited<ReturnType<typeof open>>['cache']) => cache.invalidate('mem:a')],
    ['clear', (cache: Awaited<ReturnType<typeof open>>['cache']) => cache.clear('default')],
    ['clear-all', (cache: Awaited<ReturnType<typeof open>>['cache']) => cache.clear()],
  ])('%s takes the variants along, also out of the memory of other processes', async (_, remove) => {
    const one = await open();
    const other = await open({ dir: one.dir });
    await read(one, 'a');
    await read(other, 'a');
    await remove(one.cache);
    expect(await one.variantFiles()).toEqual([]);
    for (const { cache } of [one, other]) {
      expect((await cache.stats()).variants).toMatchObject({ count: 0, size_bytes: 0 });
      expect((await cache.stats()).memory.entries).toBe(0);
    }
    expect((await read(other, 'a')).origin).toBe('made');
    expect(other.source.downloads).toBe(1);
  });

  it('the same bytes under another URL keep their variants', async () => {
    pictures.set('twin', pictures.get('a') ?? Buffer.alloc(0));
    for (const [kept, gone] of [
      ['a', 'twin'],
      ['twin', 'a'],
    ] as const) {
      const opened = await open();
      for (const name of ['a', 'twin']) await opened.cache.readUrl(`mem:${name}`);
      await read(opened, kept);
      await opened.cache.invalidate(`mem:${gone}`);
      expect((await read(opened, kept)).origin).toBe('memory');
      await opened.cache.invalidate(`mem:${kept}`);
      expect(await opened.variantFiles()).toEqual([]);
    }
  });

  it.each(['this', 'another'])(
    'T59: what %s process clears while its variant is made does not come back',
    async (who) => {
      const opened = await open();
      const other = await open({ dir: opened.dir });
      await opened.cache.readUrl('mem:a');
      let release = () => {};
      opened.maker.gate = new Promise((resolve) => (release = resolve));
      const making = read(opened, 'a');
      await vi.waitFor(() => expect(opened.maker.running).toBe(1));
      await (who === 'this' ? opened : other).cache.clear();
      release();
      expect((await making).contentType).toBe('image/webp');
      expect(await opened.variantFiles()).toEqual([]);
      expect((await opened.cache.stats()).variants.count).toBe(0);
    },
  );

  it('S1: verify removes variants without an original, and leaves other files alone', async () => {
    const opened = await open();
    await read(opened, 'a');
    const [mine = ''] = await opened.variantFiles();
    const orphan = join(opened.dir, 'variants', 'f'.repeat(64));
    const foreign = join(opened.dir, 'variants', 'notes');
    for (const folder of [orphan, foreign]) {
      await mkdir(folder);
      await writeFile(join(folder, '64x0-inside-webp-q75_00000000000000000000000000000000.webp'), 'x');
    }
    expect((await opened.cache.verify()).cleaned).toBe(1);
    expect(await readdir(foreign)).toHaveLength(1);
    await rm(foreign, { recursive: true });
    expect(await opened.variantFiles()).toEqual([mine]);
  });

  it('the start does, too', async () => {
    const before = await open();
    await read(before, 'a');
    await before.cache.close();
    await mkdir(join(before.dir, 'variants', 'f'.repeat(64)));
    const after = await open({ dir: before.dir });
    await after.cache.stats();
    await vi.waitFor(async () => expect(await readdir(join(after.dir, 'variants'))).toHaveLength(1));
    await vi.waitFor(async () => expect((await after.cache.stats()).variants.count).toBe(1));
  });
});

describe('bounds', () => {
  it('variants count for maxSize, and go before any original: the least recently used first', async () => {
    const widths = [128, 16, 96, 32, 64, 48];
    const roomy = await open();
    for (const width of widths) await read(roomy, 'a', sized(width));
    const room = Math.floor((await roomy.cache.stats()).variants.size_bytes / 2);

    const names = ['a', 'b', 'c'];
    const originals = names.reduce((sum, name) => sum + (pictures.get(name)?.length ?? 0), 0);
    const tight = await open({ maxSize: originals + room });
    for (const name of names) await tight.cache.readUrl(`mem:${name}`);
    for (const width of widths) await read(tight, 'a', sized(width));
    const { variants, total_entries } = await tight.cache.stats();
    expect(total_entries).toBe(3);
    expect(variants.size_bytes).toBeLessThanOrEqual(room);
    const files = await tight.variantFiles();
    expect(files).toHaveLength(variants.count);
    expect(files.some((name) => name.includes('/128x0-'))).toBe(false);
    expect(files.some((name) => name.includes('/48x0-'))).toBe(true);
  });

  it('an original that needs the room gets it', async () => {
    const [a, b] = [pictures.get('a')?.length ?? 0, pictures.get('b')?.length ?? 0];
    const opened = await open({ maxSize: a + b + 10 });
    await read(opened, 'a');
    expect((await opened.cache.stats()).variants.count).toBe(1);
    await opened.cache.readUrl('mem:b');
    expect(await opened.cache.stats()).toMatchObject({ total_entries: 2, variants: { count: 0, size_bytes: 0 } });
    expect(await opened.variantFiles()).toEqual([]);
  });

  it('an original that is evicted takes its variants along', async () => {
    const opened = await open({ maxEntries: 1 });
    await read(opened, 'a');
    await opened.cache.readUrl('mem:b');
    await vi.waitFor(async () => expect(await opened.cache.find('mem:a')).toBeUndefined());
    await vi.waitFor(async () => expect(await readdir(join(opened.dir, 'variants'))).toEqual([]));
  });

  it('the order of use is known to the next start', async () => {
    const before = await open();
    const length = pictures.get('a')?.length ?? 0;
    for (const width of [64, 96]) await read(before, 'a', sized(width));
    await before.cache.close();
    const old = (await before.variantFiles()).find((name) => name.includes('/96x0-')) ?? '';
    await utimes(old, 1, 1);
    const after = await open({ dir: before.dir });
    await vi.waitFor(async () => expect((await after.cache.stats()).variants.count).toBe(2));
    const { size_bytes } = (await after.cache.stats()).variants;
    await after.cache.close();

    const tight = await open({ dir: before.dir, maxSize: length + size_bytes + 100 });
    await vi.waitFor(async () => expect((await tight.cache.stats()).variants.count).toBe(2));
    await read(tight, 'a', sized(16));
    const names = (await tight.variantFiles()).join();
    expect(names).toContain('/64x0-');
    expect(names).not.toContain('/96x0-');
  });

  it('T56: on a full disk variants are served, but not stored', async () => {
    const opened = await open({ minFreeSpace: 1e18 });
    const error = await refusal(read(opened, 'a'));
    expect(error.code).toBe('CACHE_DISK_FULL'); // of the original
    const roomy = await open({ dir: opened.dir });
    await read(roomy, 'a');
    await roomy.cache.close();
    const full = await open({ dir: opened.dir, minFreeSpace: 1e18 });
    expect((await read(full, 'a', sized(96))).origin).toBe('made');
    expect(await full.variantFiles()).toHaveLength(1);
  });

  it('variants are made on other threads: the event loop is hardly busy', async () => {
    const opened = await open();
    await opened.cache.readUrl('mem:a');
    await read(opened, 'a', sized(16)); // sharp is there now
    const busyMs = (usage: { user: number; system: number }) => (usage.user + usage.system) / 1000;
    const [loop, all] = [process.threadCpuUsage(), process.cpuUsage()];
    const widths = Array.from({ length: 12 }, (_, n) => 200 + 8 * n);
    await Promise.all(widths.map((width) => read(opened, 'a', { ...sized(width), format: 'avif' })));
    expect(busyMs(process.threadCpuUsage(loop))).toBeLessThan(busyMs(process.cpuUsage(all)) / 2);
  });
});

describe('placeholders', () => {
  it('come a while after the image, for every process and the next start', async () => {
    const one = await open({ placeholder: true });
    const other = await open({ dir: one.dir });
    const { entry } = await one.cache.readUrl('mem:a');
    expect(entry.placeholder).toBeUndefined();
    await vi.waitFor(async () => expect((await one.cache.find('mem:a'))?.placeholder).toBeDefined(), 10_000);
    const placeholder = (await one.cache.find('mem:a'))?.placeholder;
    expect(placeholder).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const [looked] = await other.cache.lookup(['mem:a']);
    expect(looked?.placeholder).toBe(placeholder);
    await one.cache.close();
    const manifest = JSON.parse(await readFile(join(one.dir, 'manifest.json'), 'utf8')) as { entries: object };
    expect(manifest.entries).toMatchObject({ 'mem:a': { placeholder } });
    const next = await open({ dir: one.dir });
    expect((await next.cache.find('mem:a'))?.placeholder).toBe(placeholder);
  });

  it('come for images that were cached before, when they are served, and for prefetched ones', async () => {
    const before = await open();
    await before.cache.readUrl('mem:a');
    await before.cache.close();
    const after = await open({ dir: before.dir, placeholder: true });
    await after.cache.readUrl('mem:a');
    await after.cache.prefetch({ s3_url: 'mem:b' }, '0001');
    await vi.waitFor(async () => {
      for (const name of ['a', 'b']) expect((await after.cache.find(`mem:${name}`))?.placeholder).toBeDefined();
    }, 10_000);
  });

  it('are tried only once if they cannot be made', async () => {
    let tried = 0;
    const maker = countingMaker();
    maker.placeholder = async () => {
      tried += 1;
      throw new Error('no');
    };
    const { cache } = await open({ placeholder: true, maker });
    await cache.readUrl('mem:a');
    await vi.waitFor(() => expect(tried).toBe(1), 10_000);
    await cache.readUrl('mem:a');
    await cache.close();
    expect(tried).toBe(1);
  });

  it('are not made unless asked for', async () => {
    let tried = 0;
    const maker = { ...countingMaker(), isAvailable: async () => ++tried > 0 };
    const { cache } = await open({ maker, placeholder: false });
    await cache.readUrl('mem:a');
    await cache.close();
    expect(tried).toBe(0);
  });
});
