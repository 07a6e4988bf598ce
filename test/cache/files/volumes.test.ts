import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryName } from '../../../plugin/cache/files/temporary.ts';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import type { VariantMaker } from '../../../plugin/cache/variants/variantMaker.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { markAsCache, temporaryDirectory } from '../../helpers/directory.ts';
import { type FaultFinder, fault } from '../../helpers/faultyFs.ts';
import { refusal } from '../../helpers/source.ts';

vi.mock('node:fs/promises', async (importActual) => {
  const { faultyFs } = await import('../../helpers/faultyFs.ts');
  return faultyFs(await importActual());
});

afterEach(fault.clear);

const run = promisify(execFile);

/** Mounts a file system in memory there; false where that is not allowed. */
async function mount(path: string): Promise<boolean> {
  await mkdir(path, { recursive: true });
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'none', path]).then(
    () => true,
    () => false,
  );
  if (isMounted) onTestFinished(async () => void (await run('umount', ['--lazy', path])));
  return isMounted;
}

const canMount = await (async () => {
  const probe = `/tmp/image-cache-mount-${process.pid}`;
  await mkdir(probe);
  const can = await run('mount', ['-t', 'tmpfs', 'none', probe]).then(
    () => true,
    () => false,
  );
  if (can) await run('umount', [probe]);
  await run('rmdir', [probe]);
  return can;
})();

const maker: VariantMaker = {
  isAvailable: () => Promise.resolve(true),
  obstacle: () => undefined,
  make: () => Promise.resolve({ bytes: Buffer.from('a variant'), extension: 'webp' }),
  canCompress: () => false,
  compress: () => Promise.resolve(undefined),
  placeholder: () => Promise.resolve('AAAA'),
};
const spec = { width: 64, height: undefined, fit: 'cover', format: undefined, quality: 75, negotiated: false } as const;
const settings = { memoryMaxSize: 0, maker, durability: 'full' } as const;

/** All that puts files into the folders of a cache. */
async function use(cache: ImageCache): Promise<void> {
  for (const name of ['a', 'b']) {
    expect((await cache.readUrl(`mem:${name}`)).tier).toBe('s3');
    expect((await cache.readUrl(`mem:${name}`)).body.equals(bytesOf(name))).toBe(true);
  }
  expect(await cache.prefetch({ s3_url: 'mem:c' }, '0001')).toMatchObject({ status: 'downloaded' });
  await cache.readVariant({ url: 'mem:a' }, spec);
  expect((await cache.readVariant({ url: 'mem:a' }, spec)).tier).toBe('disk');
  expect(await cache.invalidate('mem:b')).toBe(1);
}

/** What a restart finds. */
async function expectKept(dir: string): Promise<void> {
  const { cache, source } = await openCache({ dir, ...settings });
  for (const name of ['a', 'c']) expect((await cache.readUrl(`mem:${name}`)).body.equals(bytesOf(name))).toBe(true);
  expect((await cache.readVariant({ url: 'mem:a' }, spec)).origin).toBe('disk');
  expect(source.downloads).toBe(0);
  expect(await cache.verify()).toMatchObject({ damaged: 0, missing: 0, dropped: 0, cleaned: 0 });
  await cache.close();
  const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { entries: object };
  expect(Object.keys(manifest.entries)).toHaveLength(2);
}

/** Names of unfinished files, wherever they lie. */
async function partsIn(dir: string): Promise<string[]> {
  return (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.part'));
}

describe('a volume of its own', () => {
  it
    .skipIf(!canMount)
    .each([
      [['images']],
      [['images/default']],
      [['variants']],
      [['journal']],
      [['tmp']],
      [['quarantine']],
      [['']],
      [['images', 'variants', 'journal', 'tmp', 'quarantine']],
    ])('N13: may be mounted at %s (where this machine allows it)', async (folders) => {
    const dir = await markAsCache(join(await temporaryDirectory(), '.image-cache'));
    for (const folder of folders) expect(await mount(join(dir, folder))).toBe(true);
    const { cache } = await openCache({ dir, ...settings });
    await use(cache);
    const [damaged] = await readdir(join(dir, 'images', '0001'));
    await writeFile(join(dir, 'images', '0001', damaged ?? ''), 'damaged');
    expect((await cache.readUrl('mem:c')).tier).toBe('s3');
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
    await cache.close();
    expect(await partsIn(dir)).toEqual([]);
    await expectKept(dir);
  });

  const top = (path: string) => /\.image-cache\/([^/]+)\/./.exec(path)?.[1];
  const crossing: FaultFinder = (name, [from, to]) =>
    (name === 'rename' || name === 'link') && top(String(from)) !== top(String(to)) ? 'EXDEV' : undefined;

  it('N13: makes no difference to a cache that cannot rename across volumes', async () => {
    fault.of = crossing;
    const { cache, dir } = await openCache(settings);
    await use(cache);
    await cache.close();
    expect(await partsIn(dir)).toEqual([]);
    await expectKept(dir);
  });

  it.each(['ENOSPC', 'EIO'])('N13: leaves nothing behind when %s ends the copy', async (code) => {
    const { cache, dir } = await openCache(settings);
    await cache.stats();
    fault.of = (name, args) =>
      name.startsWith('handle.write') && String(args[0]).includes('/images/') ? code : crossing(name, args);
    expect((await refusal(cache.readUrl('mem:a'))).code).toBe(code === 'EIO' ? 'INTERNAL' : 'CACHE_DISK_FULL');
    fault.of = crossing;
    expect(await partsIn(dir)).toEqual([]);
    expect((await cache.readUrl('mem:a')).tier).toBe('s3');
  });

  it('N13, T62: is swept of files that a process killed in mid-copy has left, and of nothing else', async () => {
    const { cache, dir } = await openCache(settings);
    await cache.readUrl('mem:a');
    await cache.readVariant({ url: 'mem:a' }, spec);
    const [source = ''] = await readdir(join(dir, 'variants'));
    await mkdir(join(dir, 'quarantine'), { recursive: true });
    const folders = ['images/default', `variants/${source}`, 'journal', 'quarantine', ''];
    const abandoned = temporaryName().replace(`-${process.pid}-`, '-4194304-'); // above every process id
    const [live, foreign] = [temporaryName(), 'notes.part'];
    for (const folder of folders) {
      for (const name of [abandoned, live, foreign]) {
        await writeFile(join(dir, folder, name), 'half');
        await utimes(join(dir, folder, name), new Date(), new Date());
      }
    }
    expect((await cache.verify()).cleaned).toBe(folders.length);
    expect(await partsIn(dir)).toHaveLength(2 * folders.length);
  });
});
