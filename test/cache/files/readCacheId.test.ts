import { cp, mkdir, readFile, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCacheId } from '../../../plugin/cache/files/readCacheId.ts';
import { openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function directory(name = 'a') {
  const dir = join(await temporaryDirectory(), name);
  await mkdir(join(dir, 'tmp'), { recursive: true });
  return dir;
}

describe('the id of a cache directory', () => {
  it('is created once for all callers, and stays', async () => {
    const dir = await directory();
    const ids = await Promise.all(Array.from({ length: 20 }, () => readCacheId(dir)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(UUID);
    expect(await readCacheId(dir)).toBe(ids[0]);
    expect(await readFile(join(dir, 'CACHE_ID'), 'utf8')).toContain(`${ids[0]}\n`);
  });

  it('is never seen half written while it is being created', async () => {
    for (let n = 0; n < 20; n += 1) {
      const dir = await directory();
      const ids = await Promise.all(Array.from({ length: 20 }, () => readCacheId(dir)));
      expect(new Set(ids).size).toBe(1);
      expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    }
  });

  it('T55: is also created when `tmp/` has been removed', async () => {
    const dir = await directory();
    await rm(join(dir, 'tmp'), { recursive: true });
    const id = await readCacheId(dir);
    expect(id).toMatch(UUID);
    expect(await readCacheId(dir)).toBe(id);
  });

  it('stays when the directory is moved', async () => {
    const dir = await directory();
    const id = await readCacheId(dir);
    await rename(dir, `${dir}-moved`);
    expect(await readCacheId(`${dir}-moved`)).toBe(id);
  });

  it('is new in a copy of the directory, the same for all callers, and the original keeps its own', async () => {
    const dir = await directory();
    const id = await readCacheId(dir);
    const [first, second] = [`${dir}-1`, `${dir}-2`];
    for (const copy of [first, second]) await cp(dir, copy, { recursive: true });
    const ids = await Promise.all([first, first, first, second].map(readCacheId));
    expect(new Set([id, ...ids]).size).toBe(3);
    expect(ids[0]).toMatch(UUID);
    expect(await readCacheId(first)).toBe(ids[0]);
    expect(await readCacheId(dir)).toBe(id);
    expect(await readdir(join(first, 'tmp'))).toEqual([]);
  });

  it.each<[string, (file: string) => Promise<unknown>]>([
    ['empty', (file) => truncate(file, 0)],
    ['of another tool', (file) => writeFile(file, '{"id": 1}')],
    ['a link', (file) => rm(file).then(() => symlink('/etc/hostname', file))],
    ['a directory', (file) => rm(file).then(() => mkdir(file))],
  ])('T15, T52: is another, and stops nothing, when its file became %s', async (_, spoil) => {
    const dir = await directory();
    const id = await readCacheId(dir);
    await spoil(join(dir, 'CACHE_ID'));
    const next = await readCacheId(dir);
    expect(next).toMatch(UUID);
    expect(next).not.toBe(id);
    expect(await readCacheId(dir)).toBe(next);
  });

  it('is reported by stats, and two caches on one directory have the same', async () => {
    const a = await openCache();
    const b = await openCache({ dir: a.dir });
    const { cache_id } = await a.cache.stats();
    expect(cache_id).toMatch(UUID);
    expect((await b.cache.stats()).cache_id).toBe(cache_id);
  });
});
