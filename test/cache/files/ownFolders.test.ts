import { cp, lstat, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import { imagePath, sha256 } from '../../../plugin/cache/files/layout.ts';
import type { VariantMaker } from '../../../plugin/cache/variants/variantMaker.ts';
import type { VariantSpec } from '../../../plugin/cache/variants/variantSpec.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { refusal } from '../../helpers/source.ts';

const UUID = '00000000-0000-4000-8000-000000000000';
const SHA = 'ab'.repeat(32);
const HOUR_MS = 3_600_000;

const maker: VariantMaker = {
  isAvailable: () => Promise.resolve(true),
  obstacle: () => undefined,
  make: (_, { width = 0 }) => Promise.resolve({ bytes: Buffer.from(`as wide as ${width}`), extension: 'webp' }),
  canCompress: () => false,
  compress: () => Promise.resolve(undefined),
  placeholder: () => Promise.resolve('AAAA'),
};

const specOf = (width: number): VariantSpec => ({
  width,
  height: undefined,
  fit: 'cover',
  format: undefined,
  quality: 75,
  negotiated: false,
});

/** Files of an app, and files whose names are like ours, below this folder of a cache. */
async function plantFiles(folder: string): Promise<void> {
  const files = [
    'main.ts',
    'photos/a.jpg',
    `${SHA}/cover-w64-q75_${'cd'.repeat(16)}.webp`,
    `${SHA}/notes.txt`,
    'default/default_0123456789abcdef_0123456789abcdef0123456789abcdef.png',
    'default/notes.txt',
    `4194304-${UUID}.part`,
    '0000000001.log',
    '0000000001.snap',
    '0000000009.log',
    ...Array.from({ length: 55 }, (_, n) => `${String(n).padStart(14, '0')}-journal-0000000001.snap`),
  ];
  for (const file of files) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), `content of ${file}`);
  }
}

/** All that lies in a folder, with what is in it and when it was changed. */
async function contentsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const described = names.map(async (name) => {
    const stats = await lstat(join(folder, name));
    const content = stats.isFile() ? await readFile(join(folder, name), 'latin1') : '';
    return `${name} ${stats.ino} ${stats.mtimeMs} ${content}`;
  });
  return (await Promise.all(described)).toSorted();
}

/** Does all that a cache can do, whether it is refused or not, and tells which refusals there were. */
async function doEverything(cache: ImageCache): Promise<ImageCacheError[]> {
  const refusals: ImageCacheError[] = [];
  const acts: (() => Promise<unknown>)[] = [
    () => cache.verify(),
    () => cache.readVariant({ url: 'mem:a' }, specOf(64)),
    () => cache.readVariant({ url: 'mem:a' }, specOf(128)),
    () => cache.readUrl('mem:b'),
    () => cache.readUrl('mem:c'), // pushes others out
    () => cache.readUrl('mem:d'),
    () => cache.pin({ actor_id: 'default' }),
    () => cache.invalidate('mem:a'),
    () => cache.stats(),
    () => cache.clear(),
    () => cache.verify(),
    () => cache.close(),
  ];
  for (const act of acts) {
    await act().catch((error: unknown) => refusals.push(ImageCacheError.from(error)));
  }
  return refusals;
}

/** In one step, for it is in use. */
async function moveAway(path: string): Promise<void> {
  await rename(path, join(await temporaryDirectory(), 'away')).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'ENOENT' });
  });
}

async function opened() {
  let offset = 0;
  const options = { memoryMaxSize: 0, maxSize: 5000, maker, now: () => Date.now() + offset };
  const cache = await openCache(options);
  const { entry } = await cache.cache.readUrl('mem:a');
  await cache.cache.readVariant({ url: 'mem:a' }, specOf(32));
  offset = HOUR_MS;
  return { ...cache, entry, options };
}

describe('a folder of the cache that becomes a link while it runs', () => {
  it.each([
    'variants',
    'quarantine',
    'images',
    'images/default',
    'tmp',
    'journal',
    '',
    `variants/${sha256(bytesOf('a'))}`,
  ])(
    'S1: `%s` is not followed: nothing behind it is made, changed or removed, and the refusal names it',
    async (name) => {
      const { cache, dir, warnings } = await opened();
      const outside = join(await temporaryDirectory(), 'x');
      await plantFiles(outside);
      if (name === '')
        for (const folder of ['images', 'variants', 'quarantine', 'tmp', 'journal'])
          await plantFiles(join(outside, folder));
      await moveAway(join(dir, name));
      await symlink(outside, join(dir, name));
      const before = await contentsOf(outside);
      const refusals = await doEverything(cache);
      expect(await contentsOf(outside)).toEqual(before);
      const unsafe = refusals.find(({ code }) => code === 'CACHE_DIR_UNSAFE');
      const said = [...refusals.map(({ message }) => message), ...warnings].join('\n');
      expect(said).toContain(`\`${name === '' ? dir : name}\``);
      expect(refusals.filter(({ code }) => code === 'INTERNAL')).toEqual([]);
      if (!name.startsWith('variants/')) expect(unsafe?.hint).toContain('link');
      // The link is gone, and so is the trouble.
      await rm(join(dir, name), { force: true });
      const next = await openCache({ dir, memoryMaxSize: 0 });
      expect((await next.cache.readUrl('mem:z')).body.equals(bytesOf('z'))).toBe(true);
    },
  );

  it.each(['images', 'journal', 'variants', 'tmp'])(
    'S1: nor where `%s` was moved there with all that is in it',
    async (name) => {
      const { cache, dir } = await opened();
      const outside = join(await temporaryDirectory(), 'x');
      await rename(join(dir, name), outside);
      await symlink(outside, join(dir, name));
      const before = await contentsOf(outside);
      await doEverything(cache);
      expect(await contentsOf(outside)).toEqual(before);
    },
  );

  it('S1: nor a folder of another actor, while the images of the others are served', async () => {
    const { cache, dir } = await opened();
    const outside = join(await temporaryDirectory(), 'x');
    await plantFiles(outside);
    await symlink(outside, join(dir, 'images', '0001'));
    const before = await contentsOf(outside);
    expect(await cache.prefetch({ s3_url: 'mem:b' }, '0001')).toMatchObject({
      status: 'failed',
      error: { code: 'CACHE_DIR_UNSAFE', detail: expect.stringContaining('`images/0001`') },
    });
    expect((await cache.readUrl('mem:a')).tier).toBe('disk');
    expect(await contentsOf(outside)).toEqual(before);
  });
});

describe('a file that does not have one of our names', () => {
  it('S1: is neither removed nor moved by anything that cleans up', async () => {
    const { cache, dir, entry } = await opened();
    const foreign = [
      'notes.txt',
      'images/hero.jpg',
      'images/photos/hero.jpg',
      'images/default/hero.jpg',
      'images/default/album/hero.jpg',
      'variants/red/shoe.jpg',
      'variants/blue.jpg',
      `variants/${SHA}/notes.txt`,
      `variants/${SHA}/deep/notes.txt`,
      `variants/${entry.sha256}/notes.txt`,
      'quarantine/notes.txt',
      'quarantine/0-old/notes.txt',
      'quarantine/00000000000001-images-default-notes.txt/notes.txt',
      'tmp/notes.part',
      'tmp/upload/notes.txt',
      'journal/notes.log',
      'journal/1.log',
      'journal/old/0000000001.log',
    ];
    for (const file of foreign) {
      await mkdir(join(dir, file, '..'), { recursive: true });
      await writeFile(join(dir, file), file);
    }
    for (let n = 0; n < 60; n += 1) {
      await writeFile(join(dir, 'quarantine', `${String(n).padStart(14, '0')}-journal-0000000001.snap`), '');
    }
    await writeFile(join(dir, 'images', 'default', `default_${'0'.repeat(16)}_${'0'.repeat(32)}.png`), 'cut');
    await doEverything(cache);
    for (const file of foreign) expect(await readFile(join(dir, file), 'utf8'), file).toBe(file);
    expect((await readdir(join(dir, 'quarantine'))).length).toBeLessThan(60);
  });

  it('S1: a directory under the name of an image or a variant is not emptied', async () => {
    const { cache, dir, entry } = await opened();
    const image = join(dir, entry.local_path.replace('.image-cache/', ''));
    await rm(image);
    await mkdir(image);
    await writeFile(join(image, 'hero.jpg'), 'hero');
    const variants = join(dir, 'variants', entry.sha256);
    const [variant = ''] = await readdir(variants);
    await rm(join(variants, variant));
    await mkdir(join(variants, variant));
    await writeFile(join(variants, variant, 'shoe.jpg'), 'shoe');
    await doEverything(cache);
    const left = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.jpg'));
    expect(left).toHaveLength(2);
  });
});

/** Cargo, pytest and others mark their caches by the same standard. */
const TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n';
const OUR_LINE = '# This directory is a cache of vite-plugin-image-cache.\n';
const OUR_IMAGE = imagePath({ actorId: '0001', key: 'mem:x', sha256: sha256(bytesOf('x')), extension: 'png' });

describe('a directory that is not empty', () => {
  it.each<[string, string[]]>([
    ['images and variants of an app', ['images/hero.jpg', 'variants/red/shoe.jpg']],
    ['variants of an app alone', ['variants/red/shoe.jpg']],
    ['one file of an app among images of ours', [OUR_IMAGE, 'images/0001/hero.jpg']],
    ['the manifest of a web app', ['manifest.json']],
    ['the tag of another program', ['CACHEDIR.TAG', 'debug/app']],
    ['the tag of another program, and folders that ours has, too', ['CACHEDIR.TAG', 'tmp/build.o', 'images/logo.png']],
    ['an id of another form', ['CACHE_ID', 'images/logo.png']],
    ['a repository', ['.git/config']],
    ['secrets', ['.env']],
    ['a log of an app', ['journal/2026.log']],
    ['what another program has half uploaded', ['tmp/upload.part']],
    ['evidence of another kind', ['quarantine/virus.exe']],
  ])('S2: is refused with %s, by name, and is left as it is', async (_, files) => {
    const dir = join(await temporaryDirectory(), 'product');
    for (const file of files) {
      await mkdir(join(dir, file, '..'), { recursive: true });
      await writeFile(join(dir, file), file === 'CACHEDIR.TAG' ? TAG : '{"name":"shop"}');
    }
    const before = await contentsOf(dir);
    const { cache } = await openCache({ dir });
    const { code, message, hint } = await refusal(cache.readUrl('mem:x'));
    expect([code, hint]).toEqual(['CACHE_DIR_UNSAFE', expect.stringContaining('a directory of its own')]);
    expect(files.some((file) => message.includes(file.split('/')[0] ?? ''))).toBe(true);
    expect((await refusal(cache.verify())).code).toBe('CACHE_DIR_UNSAFE');
    expect(await contentsOf(dir)).toEqual(before);
  });

  it.each<[string, Record<string, string>]>([
    ['our line in its CACHEDIR.TAG', { 'CACHEDIR.TAG': TAG + OUR_LINE, 'notes.txt': '' }],
    ['an id of ours', { CACHE_ID: `${UUID}\n42\n`, 'notes.txt': '' }],
    ['images that were restored, and nothing else', { [OUR_IMAGE]: bytesOf('x').toString('latin1') }],
    [
      'images and the manifest',
      { [OUR_IMAGE]: '', 'manifest.json': '{"version":"1.0","last_updated":1,"entries":{\n' },
    ],
    [
      'a manifest that was formatted',
      { 'manifest.json': '{\n  "version": "1.0",\n  "last_updated": 1,\n  "entries": {}\n}' },
    ],
    [
      'what desktops and file systems put everywhere',
      { '.DS_Store': '', '.gitkeep': '', 'Thumbs.db': '', 'lost+found/x': '' },
    ],
    ['an unfinished file of ours', { [`tmp/0123abcd-1-${UUID}.part`]: '', 'images/0001/.nfs01': '' }],
    ['notes of ours', { 'history.ndjson': '', 'departures.ndjson': '' }],
    ['a journal of ours', { 'journal/0000000001.log': '', '.gitignore': '*\n' }],
  ])('S2: is ours with %s', async (_, files) => {
    const dir = join(await temporaryDirectory(), '.image-cache');
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(dir, file, '..'), { recursive: true });
      await writeFile(join(dir, file), content, 'latin1');
    }
    const { cache } = await openCache({ dir });
    expect((await cache.readUrl('mem:x')).body.equals(bytesOf('x'))).toBe(true);
  });

  it('S2: is left alone when it takes the place of ours while the cache runs', async () => {
    const { cache, dir } = await opened();
    const before = join(await temporaryDirectory(), 'product');
    await mkdir(join(before, 'photos'), { recursive: true });
    await writeFile(join(before, 'photos', 'hero.jpg'), 'hero');
    await moveAway(dir);
    await cp(before, dir, { recursive: true });
    const there = await contentsOf(dir);
    await doEverything(cache);
    expect(await contentsOf(dir)).toEqual(there);
  });
});
