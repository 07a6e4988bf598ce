import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imagePath, sha256 } from '../../../plugin/cache/files/layout.ts';
import { removeUnlessListed } from '../../../plugin/cache/files/removeUnlessListed.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

const path = imagePath({ actorId: 'a', key: 's3://bucket/1', sha256: sha256('1'), extension: 'png' });
const nothing = { refresh: () => Promise.resolve(), isListed: () => false };

async function cacheDirectory(): Promise<string> {
  const dir = await temporaryDirectory();
  await mkdir(join(dir, dirname(path)), { recursive: true });
  await writeFile(join(dir, path), '');
  return dir;
}

describe('removing files without an entry', () => {
  it('takes a file, and none where there is none', async () => {
    const dir = await cacheDirectory();
    expect(await removeUnlessListed(dir, [path], nothing)).toEqual([path]);
    expect(await removeUnlessListed(dir, [path], nothing)).toEqual([]);
    await rm(join(dir, 'images'), { recursive: true });
    expect(await removeUnlessListed(dir, [path], nothing)).toEqual([]);
  });

  it('leaves a directory that has the name of an image', async () => {
    const dir = await temporaryDirectory();
    await mkdir(join(dir, path), { recursive: true });
    expect(await removeUnlessListed(dir, [path], nothing)).toEqual([]);
    expect(await readdir(join(dir, dirname(path)))).toEqual([basename(path)]);
  });

  it.each([[[]], [[basename(path)]]])('S1: refuses a link in the place of a folder that leads to %j', async (names) => {
    const dir = await cacheDirectory();
    const outside = await temporaryDirectory();
    for (const name of names) await writeFile(join(outside, name), '');
    await rm(join(dir, dirname(path)), { recursive: true });
    await symlink(outside, join(dir, dirname(path)));
    await expect(removeUnlessListed(dir, [path], nothing)).rejects.toMatchObject({ code: 'CACHE_DIR_UNSAFE' });
    expect(await readdir(outside)).toEqual(names);
  });

  it('S1: refuses a file in the place of a folder', async () => {
    const dir = await cacheDirectory();
    await rm(join(dir, dirname(path)), { recursive: true });
    await writeFile(join(dir, dirname(path)), '');
    await expect(removeUnlessListed(dir, [path], nothing)).rejects.toMatchObject({ code: 'CACHE_DIR_UNSAFE' });
  });
});
