import {
  appendFile,
  cp,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import { imagePath, sha256 } from '../../../plugin/cache/files/layout.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import type { CacheEvent } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

/** Where a cache keeps `mem:<name>` of an actor. */
const pathOf = (name: string, actorId = 'default') =>
  imagePath({ actorId, key: `mem:${name}`, sha256: sha256(bytesOf(name)), extension: 'png' });

/** Puts the image into the directory by hand, without any manifest. */
async function drop(dir: string, name: string, { actorId = 'default', bytes = bytesOf(name) } = {}): Promise<string> {
  const file = join(dir, pathOf(name, actorId));
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, bytes);
  return file;
}

const emptyDirectory = async () => join(await temporaryDirectory(), '.image-cache');

describe('a file without an entry', () => {
  it('is adopted by a read-through, from whichever actor’s folder, and not downloaded', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x', { actorId: '0001' });
    const { cache, source } = await openCache({ dir });
    const events: CacheEvent[] = [];
    cache.onEvent((event) => events.push(event));
    const { entry, body, tier } = await cache.readUrl('mem:x');
    expect(tier).toBe('disk');
    expect(body.equals(bytesOf('x'))).toBe(true);
    expect(entry).toMatchObject({
      s3_url: 'mem:x',
      local_path: `.image-cache/${pathOf('x', '0001')}`,
      actor_id: '0001',
      filename: 'x',
      sha256: sha256(bytesOf('x')),
      size_bytes: 2000,
      content_type: 'image/png',
      width: 1,
    });
    expect(source.downloads).toBe(0);
    expect(events).toEqual([{ type: 'stored', entry: expect.objectContaining({ s3_url: 'mem:x' }) }]);
    expect((await cache.readPath(entry.local_path)).tier).toBe('memory');
    expect(await cache.stats()).toMatchObject({ total_entries: 1, hits: { disk: 1 }, misses: 0 });
  });

  it('is adopted by prefetch, which makes its actor one of the image’s', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x', { actorId: '0001' });
    const { cache, source } = await openCache({ dir });
    const result = await cache.prefetch({ s3_url: 'mem:x', filename: 'portrait.png' }, '0002');
    expect(result).toMatchObject({
      status: 'cached',
      entry: { actor_ids: ['0001', '0002'], filename: 'portrait.png' },
    });
    expect(source.downloads).toBe(0);
  });

  it('exists, and is found by lookup; a missing image is not', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const { cache } = await openCache({ dir });
    expect(await cache.find('mem:x')).toMatchObject({ s3_url: 'mem:x' });
    const names = Array.from({ length: 20 }, (_, n) => `n${n}`);
    for (const name of names) await drop(dir, name, { actorId: `a${Number(name.slice(1)) % 3}` });
    await sleep(600); // longer than a look around is believed
    const entries = await cache.lookup([...names.map((name) => `mem:${name}`), 'mem:missing', 'other:x']);
    expect(entries.map((entry) => entry?.filename)).toEqual([...names, undefined, undefined]);
  });

  it('is adopted once for all requests', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const { cache, source } = await openCache({ dir });
    const stored: CacheEvent[] = [];
    cache.onEvent((event) => stored.push(event));
    const images = await Promise.all(Array.from({ length: 50 }, () => cache.readUrl('mem:x')));
    expect(new Set(images.map(({ tier }) => tier))).not.toContain('s3');
    expect(source.downloads).toBe(0);
    expect(stored).toHaveLength(1);
  });

  it('survives a restart, and is in manifest.json', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const first = await openCache({ dir });
    await first.cache.readUrl('mem:x');
    await first.cache.close();
    expect(await readFile(join(dir, 'manifest.json'), 'utf8')).toContain('"mem:x"');
    const second = await openCache({ dir });
    expect((await second.cache.stats()).total_entries).toBe(1);
  });

  it('is seen by another process that has it open, too', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const [a, b] = [await openCache({ dir }), await openCache({ dir })];
    const images = await Promise.all([a, b, a, b].map(({ cache }) => cache.readUrl('mem:x')));
    expect(images.map(({ tier }) => tier)).not.toContain('s3');
    expect((await b.cache.stats()).total_entries).toBe(1);
  });

  it('I1: a download’s entry is not replaced by an adopted one', async () => {
    const { cache, dir, source } = await openCache();
    const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => cache.readUrl('mem:x')));
    const other = await openCache({ dir, source });
    await other.cache.readUrl('mem:x');
    expect((await cache.find('mem:x'))?.etag).toBe('"x"');
    expect(first?.entry.etag).toBe('"x"');
    expect(others).toHaveLength(9);
  });

  it('under a hashed folder belongs to the actor whose hash it is', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x', { actorId: 'Zoë K.' });
    const { cache } = await openCache({ dir });
    expect((await cache.readUrl('mem:x', { actorId: 'Zoë K.' })).entry.actor_id).toBe('Zoë K.');
  });
});

describe('a file that is not what its name says', () => {
  it('T53: that is still being copied is left alone, and adopted once it is whole', async () => {
    const dir = await emptyDirectory();
    const file = await drop(dir, 'x', { bytes: bytesOf('x').subarray(0, 700) });
    const { cache } = await openCache({ dir });
    expect(await cache.find('mem:x')).toBeUndefined();
    expect(await cache.find('mem:x')).toBeUndefined();
    expect((await stat(file)).size).toBe(700);
    await appendFile(file, bytesOf('x').subarray(700));
    expect(await cache.find('mem:x')).toMatchObject({ size_bytes: 2000 });
  });

  it('T54: is never served: the image is downloaded in its place', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x', { bytes: bytesOf('y') });
    const { cache, source } = await openCache({ dir });
    const { body, tier } = await cache.readUrl('mem:x');
    expect(tier).toBe('s3');
    expect(body.equals(bytesOf('x'))).toBe(true);
    expect(source.downloads).toBe(1);
  });

  it('T61: larger than an image may be is not read', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const { cache } = await openCache({ dir, maxImageSize: 1999 });
    expect(await cache.find('mem:x')).toBeUndefined();
  });

  it('T15: in a folder that is a link, or itself a link, is not followed', async () => {
    const dir = await emptyDirectory();
    const outside = await temporaryDirectory();
    await drop(outside, 'x', { actorId: '0001' });
    await drop(outside, 'y', { actorId: '0001' });
    await mkdir(join(dir, 'images', '0002'), { recursive: true });
    await symlink(join(outside, 'images', '0001'), join(dir, 'images', '0001'));
    await symlink(join(outside, pathOf('y', '0001')), join(dir, pathOf('y', '0002')));
    const { cache } = await openCache({ dir });
    expect(await cache.find('mem:x')).toBeUndefined();
    expect(await cache.find('mem:y')).toBeUndefined();
  });

  it('N2: with the bytes that its name promises is adopted as it is, whatever its structure says about its end', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const { cache, source } = await openCache({
      dir,
      inspect: (_bytes, proof) => {
        if (proof === 'structure') throw new ImageCacheError('UPSTREAM_TRUNCATED', 'cut');
        return { contentType: 'image/png', extension: 'png' };
      },
    });
    expect((await cache.readUrl('mem:x')).tier).toBe('disk');
    expect(source.downloads).toBe(0);
  });

  it('T14: whole but no image, is downloaded', async () => {
    const dir = await emptyDirectory();
    await drop(dir, 'x');
    const { cache, source } = await openCache({
      dir,
      inspect: () => {
        if (source.downloads === 0) throw new Error('no image');
        return { contentType: 'image/png', extension: 'png' };
      },
    });
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
  });
});

describe('while running', () => {
  it.each([
    ['a folder that appears', '0042'],
    ['a folder that is there', 'default'],
  ])('finds what is dropped into %s within a second', async (_, actorId) => {
    const { cache, dir, source } = await openCache();
    await cache.readUrl('mem:other');
    await sleep(50);
    await drop(dir, 'x', { actorId });
    await sleep(800);
    expect((await cache.readUrl('mem:x')).tier).toBe('disk');
    expect(source.downloads).toBe(1);
  });

  it('counts a folder that CI restored before any of its images is requested', async () => {
    const { cache, dir } = await openCache();
    await cache.stats();
    for (let n = 0; n < 5; n += 1) await drop(dir, `n${n}`, { actorId: '0042' });
    await expect
      .poll(async () => (await cache.stats()).unclaimed, { timeout: 30_000 })
      .toEqual({ files: 5, size_bytes: 10_000 });
    await cache.readUrl('mem:n0');
    expect((await cache.stats()).unclaimed.files).toBe(4);
  });

  it('T55: goes on after images/ was removed and restored', async () => {
    const { cache, dir, source } = await openCache({ memoryMaxSize: 0 });
    for (const name of ['a', 'b']) await cache.readUrl(`mem:${name}`);
    await cp(join(dir, 'images'), join(dir, '..', 'saved'), { recursive: true });
    await rm(dir, { recursive: true });
    await cache.stats();
    await expect.poll(() => readdir(dir)).toEqual(expect.arrayContaining(['CACHE_ID', 'images']));
    await cp(join(dir, '..', 'saved'), join(dir, 'images'), { recursive: true });
    await sleep(800);
    for (const name of ['a', 'b']) expect((await cache.readUrl(`mem:${name}`)).tier).toBe('disk');
    expect(source.downloads).toBe(2);
  });

  it('an image whose file was moved to another folder is adopted there', async () => {
    const { cache, dir, source } = await openCache({ memoryMaxSize: 0 });
    await cache.prefetch({ s3_url: 'mem:x' }, '0001');
    await mkdir(join(dir, 'images', '0002'));
    await rename(join(dir, pathOf('x', '0001')), join(dir, pathOf('x', '0002')));
    await sleep(600);
    expect(await cache.prefetch({ s3_url: 'mem:x' }, '0002')).toMatchObject({
      status: 'cached',
      entry: { actor_id: '0002' },
    });
    expect(source.downloads).toBe(1);
  });
});

describe('a cleared image', () => {
  it('T59: by invalidate is counted and not adopted again, though its file had no entry', async () => {
    const dir = await emptyDirectory();
    const file = await drop(dir, 'x');
    const { cache } = await openCache({ dir });
    expect(await cache.invalidate('mem:x'), 'the file counts').toBe(1);
    await expect(stat(file)).rejects.toThrow('ENOENT');
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('R4: by a process that was killed before it removed the file is found by the next removal, in a folder of long ago', async () => {
    const { cache, dir } = await openCache({ memoryMaxSize: 0 });
    const { entry } = await cache.readUrl('mem:x');
    const folder = join(dir, 'images', 'default');
    await utimes(folder, 1e9, 1e9);
    await cache.verify(); // has read the folder, and believes its time
    const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
    const killed = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: Date.now, observer });
    await killed.open();
    await killed.append({ op: 'delete', keys: [entry.s3_url], reason: 'invalidated', at: Date.now() });
    await utimes(folder, 1e9, 1e9);
    expect(await readdir(folder)).toHaveLength(1);
    expect(await cache.invalidate('mem:x')).toBe(1);
    expect(await readdir(folder)).toEqual([]);
    await killed.close();
  });

  it.each([
    ['clear', undefined, 3],
    ['clear of one actor', '0001', 2],
  ])('T59: by %s is counted and gone', async (_, actorId, cleared) => {
    const dir = await emptyDirectory();
    await drop(dir, 'x', { actorId: '0001' });
    await drop(dir, 'y', { actorId: '0001' });
    await drop(dir, 'z', { actorId: '0002' });
    const { cache } = await openCache({ dir });
    expect(await cache.clear(actorId)).toEqual({ cleared, freed_bytes: cleared * 2000, kept: 0 });
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
    expect((await cache.readUrl('mem:z')).tier).toBe(actorId === undefined ? 's3' : 'disk');
  });

  it('T59: is not adopted from a file that another process is about to remove', async () => {
    const { cache, dir, source } = await openCache({ memoryMaxSize: 0 });
    await cache.readUrl('mem:x');
    await sleep(20); // coarser than the clock of the file system
    const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
    const other = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: Date.now, observer });
    await other.open();
    await other.append({ op: 'delete', keys: ['mem:x'], reason: 'invalidated' });
    await cache.stats();
    expect((await stat(join(dir, pathOf('x')))).size).toBe(2000);
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
    expect(source.downloads).toBe(2);
    await other.close();
  });

  it('comes back when its folder is restored afterwards', async () => {
    const { cache, dir, source } = await openCache({ memoryMaxSize: 0 });
    await cache.readUrl('mem:x');
    await cp(join(dir, 'images'), join(dir, '..', 'saved'), { recursive: true });
    await cache.clear();
    await sleep(20);
    await cp(join(dir, '..', 'saved'), join(dir, 'images'), { recursive: true });
    await sleep(800);
    expect((await cache.readUrl('mem:x')).tier).toBe('disk');
    expect(source.downloads).toBe(1);
  });
});

describe('the size of the cache', () => {
  async function withUnclaimed(now: () => number) {
    const dir = await emptyDirectory();
    for (let n = 0; n < 5; n += 1) await drop(dir, `n${n}`, { actorId: '0042' });
    const opened = await openCache({ dir, maxSize: 11_000, now });
    await expect.poll(async () => (await opened.cache.stats()).unclaimed.files).toBe(5);
    return { ...opened, namesLeft: () => readdir(join(dir, 'images', '0042')) };
  }

  it('T61: counts files without an entry, and drops them before any image that has one', async () => {
    const { cache, namesLeft } = await withUnclaimed(() => Date.now() + 120_000);
    for (const name of ['a', 'b', 'c']) await cache.readUrl(`mem:${name}`);
    expect(await namesLeft()).toHaveLength(2);
    expect(await cache.stats()).toMatchObject({ total_entries: 3, unclaimed: { files: 2, size_bytes: 4000 } });
  });

  it('T47: leaves files alone whose entries another process may be about to write', async () => {
    const { cache, namesLeft } = await withUnclaimed(Date.now);
    await cache.readUrl('mem:a');
    expect(await namesLeft()).toHaveLength(5);
  });

  it('T61: evicts no image for files that may be about to get an entry, until they have settled', async () => {
    let later = 0;
    const { cache, namesLeft } = await withUnclaimed(() => Date.now() + later);
    for (const name of ['a', 'b', 'c']) await cache.readUrl(`mem:${name}`);
    expect(await cache.stats()).toMatchObject({ total_entries: 3, unclaimed: { files: 5, size_bytes: 10_000 } });
    later = 120_000;
    await cache.readUrl('mem:d');
    expect(await namesLeft()).toHaveLength(1);
    expect((await cache.stats()).total_entries).toBe(4);
  });
});
