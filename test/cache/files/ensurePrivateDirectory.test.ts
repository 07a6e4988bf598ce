import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { distrust } from '../../../plugin/cache/files/ensurePrivateDirectory.ts';
import { openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { refusal } from '../../helpers/source.ts';

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

describe('an existing cache directory', () => {
  it.each<[string, number, [uid: number, gid: number, mode: number], string | undefined]>([
    ['that is ours', 1000, [1000, 1000, 0o755], undefined],
    ['that is ours, and of a group of our own (umask 002)', 1000, [1000, 1000, 0o775], undefined],
    ['that is ours, and of a group of many', 1000, [1000, 20, 0o775], 'others write'],
    ['that is ours, and everybody’s', 1000, [1000, 1000, 0o777], 'others write'],
    ['of root', 1000, [0, 0, 0o755], undefined],
    ['of root that a group writes to', 1000, [0, 2000, 0o2775], 'others write'],
    ['of root that is everybody’s, as a volume for scratch is', 1000, [0, 0, 0o777], 'others write'],
    ['like /tmp', 1000, [0, 0, 0o1777], 'others write'],
    ['of another user', 1000, [1001, 1001, 0o755], 'another user'],
    ['of another user that is everybody’s', 1000, [1001, 1001, 0o777], 'another user'],
    ['of a host’s user, mounted into a container that runs as root', 0, [1000, 1000, 0o755], undefined],
    ['of a host’s user with a group of its own, to root', 0, [1000, 1000, 0o775], undefined],
    ['of a host’s user that is everybody’s, to root', 0, [1000, 1000, 0o777], 'others write'],
  ])('S14: %s is judged by its owner and by who may write', (_, us, [uid, gid, mode], reason) => {
    expect(distrust({ uid, gid, mode }, us)).toBe(reason);
  });

  it.skipIf(process.platform === 'win32')(
    'S14: is refused by name where others may write, and left as it is; the remedies help',
    async () => {
      const dir = join(await temporaryDirectory(), 'pictures');
      await mkdir(dir);
      await chmod(dir, 0o777);
      const { cache } = await openCache({ dir });
      expect(await refusal(cache.readUrl('mem:a'))).toMatchObject({
        code: 'CACHE_DIR_UNSAFE',
        message: expect.stringContaining(dir),
        hint: expect.stringContaining('chmod go-w'),
      });
      expect(await readdir(dir)).toEqual([]);
      const inside = await openCache({ dir: join(dir, 'cache') });
      expect((await inside.cache.readUrl('mem:a')).tier).toBe('s3');
      expect((await stat(join(dir, 'cache'))).mode & 0o777).toBe(0o700);
      await inside.cache.close();
      await chmod(join(dir, 'cache'), 0o757);
      const again = await openCache({ dir: join(dir, 'cache') });
      expect((await refusal(again.cache.stats())).code).toBe('CACHE_DIR_UNSAFE');
      await chmod(join(dir, 'cache'), 0o755);
      expect((await again.cache.readUrl('mem:a')).tier).toBe('disk');
    },
  );

  it.skipIf(!isRoot)(
    'S14: of another user is refused by name; one of root passes (needs root to make them)',
    async () => {
      const parent = await temporaryDirectory();
      await chmod(parent, 0o755);
      const module = pathToFileURL(resolve('plugin/cache/files/ensurePrivateDirectory.ts')).href;
      const judge = async (uid: number, mode: number) => {
        const dir = join(parent, `${uid}-${mode}`);
        await mkdir(dir);
        await chown(dir, uid, uid);
        await chmod(dir, mode);
        const code = `const { ensurePrivateDirectory } = await import(${JSON.stringify(module)});
        await ensurePrivateDirectory(${JSON.stringify(dir)}).then(() => console.log('fine'), (error) => console.log(error.message, error.hint));`;
        const options = { uid: NOBODY, gid: NOBODY };
        const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
        return stdout;
      };
      expect(await judge(1001, 0o755)).toMatch(/belongs to another user \(1001\).*chown/);
      expect(await judge(1001, 0o777)).toMatch(/belongs to another user/);
      expect(await judge(NOBODY, 0o777)).toMatch(/Other users may write/);
      expect(await judge(NOBODY, 0o755)).toBe('fine\n');
      expect(await judge(0, 0o755)).toBe('fine\n');
    },
  );
});
