import { chmod, mkdir, readFile, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { refusal } from '../../helpers/source.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';

/** A closed cache that holds these images, and the state of its files. */
async function neighbour(...names: string[]) {
  const { cache, dir } = await openCache();
  for (const name of names) await cache.prefetch({ s3_url: `mem:${name}` }, '0001');
  await cache.close();
  return dir;
}

async function stateOf(dir: string): Promise<string[]> {
  const names = (await readdir(dir, { recursive: true })).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const { ino, size, mtimeMs, ctimeMs, nlink } = await stat(join(dir, name));
      return `${name} ${ino} ${size} ${mtimeMs} ${ctimeMs} ${nlink}`;
    }),
  );
}

describe('a fallback directory', () => {
  it('is used instead of S3 by copying, and stays unchanged', async () => {
    const other = await neighbour('x', 'y');
    const before = await stateOf(other);
    const { cache, dir, source } = await openCache({ fallbackDirs: [other] });
    const { entry, body, tier } = await cache.readUrl('mem:x', { actorId: '0007' });
    expect(tier).toBe('disk');
    expect(body.equals(bytesOf('x'))).toBe(true);
    expect(entry).toMatchObject({ actor_id: '0007', local_path: expect.stringContaining('/images/0007/0007_') });
    expect(await cache.prefetch({ s3_url: 'mem:y' }, '0008')).toMatchObject({ status: 'cached' });
    expect(source.downloads).toBe(0);
    expect(await stateOf(other)).toEqual(before);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    expect((await stat(join(dir, entry.local_path.replace('.image-cache/', '')))).mode & 0o777).toBe(0o600);
  });

  it('is no longer needed for copied images', async () => {
    const first = await openCache({ fallbackDirs: [await neighbour('x')] });
    await first.cache.readUrl('mem:x');
    await first.cache.close();
    const second = await openCache({ dir: first.dir, source: first.source });
    expect((await second.cache.readUrl('mem:x')).tier).toBe('disk');
    expect(first.source.downloads).toBe(0);
  });

  it('comes after our own directory, and the first one that has the image wins', async () => {
    const [one, two] = [await neighbour('x'), await neighbour('x', 'y')];
    const { cache, source } = await openCache({ fallbackDirs: [join(one, 'missing'), one, two] });
    for (const name of ['x', 'y', 'z']) await cache.readUrl(`mem:${name}`);
    expect(source.downloads).toBe(1);
  });

  it('T54: is not trusted: its files are hashed, and its manifest is not read', async () => {
    const other = await neighbour('x', 'y', 'z');
    const folder = join(other, 'images', '0001');
    for (const name of await readdir(folder)) await truncate(join(folder, name), 1999);
    await writeFile(join(other, 'manifest.json'), 'nonsense');
    const { cache, source } = await openCache({ fallbackDirs: [other] });
    for (const name of ['x', 'y', 'z']) {
      const { body, tier } = await cache.readUrl(`mem:${name}`);
      expect(tier).toBe('s3');
      expect(body.equals(bytesOf(name))).toBe(true);
    }
    expect(source.downloads).toBe(3);
    expect(await readFile(join(other, 'manifest.json'), 'utf8')).toBe('nonsense');
  });

  it('T15: is not followed through links', async () => {
    const other = await neighbour('x');
    const linked = join(await temporaryDirectory(), 'linked');
    await mkdir(join(linked, 'images'), { recursive: true });
    await symlink(join(other, 'images', '0001'), join(linked, 'images', '0001'));
    const { cache } = await openCache({ fallbackDirs: [linked] });
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('T59: does not bring back what was invalidated', async () => {
    const { cache } = await openCache({ fallbackDirs: [await neighbour('x')] });
    await cache.readUrl('mem:x');
    await cache.invalidate('mem:x');
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('T59: does not bring back images that were invalidated before a restart; images that were only cleared are copied again', async () => {
    const fallbackDirs = [await neighbour('x', 'y')];
    const first = await openCache({ fallbackDirs });
    await first.cache.readUrl('mem:y');
    await first.cache.clear();
    await first.cache.close();
    const second = await openCache({ fallbackDirs, dir: first.dir });
    expect((await second.cache.readUrl('mem:y')).tier).toBe('disk');
    await second.cache.invalidate('mem:x');
    await second.cache.close();
    const third = await openCache({ fallbackDirs, dir: first.dir });
    expect((await third.cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('T61: counts for the size: a copied image evicts the least recently used ones', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { cache } = await openCache({ maxSize: 6500, fallbackDirs: [await neighbour(...names)] });
    for (const name of names) await cache.prefetch({ s3_url: `mem:${name}` }, '0001');
    expect((await cache.stats()).total_size_bytes).toBeLessThanOrEqual(6500);
  });

  it('does not answer lookups: they copy nothing', async () => {
    const { cache } = await openCache({ fallbackDirs: [await neighbour('x')] });
    expect(await cache.lookup(['mem:x'])).toEqual([undefined]);
  });

  it('T57: is skipped if it may not be read', async () => {
    const other = await neighbour('x');
    await chmod(join(other, 'images', '0001'), 0o000);
    const { cache, source } = await openCache({ fallbackDirs: [other] });
    source.delay = () => Promise.reject(new ImageCacheError('UPSTREAM_UNREACHABLE', 'offline'));
    const outcome = process.getuid?.() === 0 ? 'disk' : 'UPSTREAM_UNREACHABLE'; // root may read everything
    const got = await cache.readUrl('mem:x').then(
      ({ tier }) => tier,
      (error: unknown) => ImageCacheError.from(error).code,
    );
    expect(got).toBe(outcome);
    expect((await refusal(cache.readUrl('mem:other'))).code).toBe('UPSTREAM_UNREACHABLE');
    await chmod(join(other, 'images', '0001'), 0o700);
  });
});
