import { execFile } from 'node:child_process';
import {
  appendFile,
  link,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryPath } from '../../../plugin/cache/files/temporary.ts';
import type { Manifest } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { markAsCache, temporaryDirectory } from '../../helpers/directory.ts';
import { refusal } from '../../helpers/source.ts';

const run = promisify(execFile);

/** Above every process id. */
const NO_PID = '4194304';

/** Runs a program in a PID namespace of its own, as a container does. */
const isolated = (...command: string[]) => run('unshare', ['--user', '--map-root-user', '--pid', '--fork', ...command]);
const canIsolate = await isolated('true').then(
  () => true,
  () => false, // no Linux, or inside a container that may not
);

/** `rm -rf` of a directory in use: like the shell's it may find a new file in what it has just emptied, and leaves that. */
async function removeInUse(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') {
      throw error;
    }
  }
}

/** A cache without a memory tier that holds `mem:x`, and the absolute path of its file. */
async function cached() {
  const opened = await openCache({ memoryMaxSize: 0 });
  const { entry } = await opened.cache.readUrl('mem:x');
  return { ...opened, entry, file: join(opened.dir, entry.local_path.replace('.image-cache/', '')) };
}

describe('a directory with something else in it', () => {
  it('is refused, and left as it is', async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, 'main.ts'), 'export {};');
    const { cache } = await openCache({ dir });
    expect(await refusal(cache.readUrl('mem:x'))).toMatchObject({
      code: 'CACHE_DIR_UNSAFE',
      hint: expect.stringContaining('a directory of its own'),
    });
    expect(await readdir(dir)).toEqual(['main.ts']);
  });

  it.each([
    ['hidden files', ['.DS_Store', '.gitkeep']],
    ['what was restored without its manifest', ['images']],
  ])('is not one with %s', async (_, names) => {
    const dir = await temporaryDirectory();
    for (const name of names) await mkdir(join(dir, name));
    const { cache } = await openCache({ dir });
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('nor one that is a cache already', async () => {
    const { dir, cache } = await openCache();
    await cache.readUrl('mem:x');
    await cache.close();
    await writeFile(join(dir, 'notes.txt'), 'by hand');
    const next = await openCache({ dir });
    expect((await next.cache.readUrl('mem:x')).tier).toBe('disk');
  });
});

describe('a file of the cache', () => {
  it.each<[string, (file: string) => Promise<unknown>]>([
    ['a symlink to a file outside', async (file) => symlink('/etc/passwd', file)],
    ['a symlink to itself', async (file) => symlink(file, file)],
    [
      'a hard link to a file outside',
      async (file) => {
        await writeFile(`${file}.outside`, 'x'.repeat(2000));
        await link(`${file}.outside`, file);
      },
    ],
    ['a FIFO', async (file) => run('mkfifo', [file])],
    ['a directory', async (file) => mkdir(file)],
    ['gone', async () => undefined],
    ['empty', async (file) => writeFile(file, '')],
    ['another of the same length', async (file) => writeFile(file, bytesOf('y'))],
    [
      'one with a flipped bit',
      async (file) => {
        const bytes = bytesOf('x');
        bytes.writeUInt8(bytes.readUInt8(100) ^ 4, 100);
        await writeFile(file, bytes);
      },
    ],
    ['grown', async (file) => writeFile(file, Buffer.concat([bytesOf('x'), Buffer.from('!')]))],
  ])('T15, T54: that became %s is never served, and is fetched again', async (_, plant) => {
    const { cache, source, entry, file } = await cached();
    await cache.readPath(entry.local_path);
    await rm(file);
    await plant(file);
    expect((await refusal(cache.readPath(entry.local_path))).code).toBe('CACHE_CORRUPT');
    expect((await refusal(cache.readPath(entry.local_path))).code).toBe('NOT_CACHED');
    const { body, tier } = await cache.readUrl('mem:x');
    expect(tier).toBe('s3');
    expect(body.equals(bytesOf('x'))).toBe(true);
    expect((await cache.readUrl('mem:x')).tier).toBe('disk');
    expect(source.downloads).toBe(2);
  });

  it('T15: an actor’s folder that became a link is neither read, written nor emptied', async () => {
    const { cache, dir, entry } = await cached();
    const folder = join(dir, 'images', 'default');
    const outside = await temporaryDirectory();
    await rename(folder, join(outside, 'taken'));
    await symlink(join(outside, 'taken'), folder);
    expect((await refusal(cache.readPath(entry.local_path))).code).toBe('CACHE_CORRUPT');
    expect((await refusal(cache.readUrl('mem:y'))).code).toBe('CACHE_DIR_UNSAFE');
    expect((await refusal(cache.clear())).message).toContain('images/default');
    expect(await readdir(join(outside, 'taken'))).toHaveLength(1);
  });

  it.each(['', 'images', 'journal', 'tmp', 'quarantine'])('T15: does not start when `%s` is a link', async (name) => {
    const parent = await temporaryDirectory();
    const dir = join(parent, '.image-cache');
    await mkdir(join(parent, 'elsewhere'));
    if (name !== '') await mkdir(dir);
    await symlink(join(parent, 'elsewhere'), join(dir, name));
    const { cache } = await openCache({ dir });
    expect((await refusal(cache.stats())).code).toBe('CACHE_DIR_UNSAFE');
    expect(await readdir(join(parent, 'elsewhere'))).toEqual([]);
  });

  it.each(['manifest.json', 'journal/0000000001.log', 'journal/0000000001.snap'])(
    'T15: starts, and does not wait, when `%s` is a FIFO or a directory',
    async (name) => {
      for (const plant of [(path: string) => run('mkfifo', [path]), (path: string) => mkdir(path)]) {
        const dir = await markAsCache(join(await temporaryDirectory(), '.image-cache'));
        await mkdir(join(dir, 'journal'));
        await plant(join(dir, name));
        const { cache } = await openCache({ dir });
        await cache.readUrl('mem:x');
        expect((await cache.stats()).total_entries).toBe(1);
        await cache.close();
        expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
        const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Manifest;
        expect(Object.keys(entries)).toEqual(['mem:x']);
      }
    },
  );
});

describe('rm -rf', () => {
  it.each(['', 'images', 'images/default', 'journal', 'tmp', 'manifest.json'])(
    'T55: of `%s` at any moment crashes nothing, and the cache works on',
    async (name) => {
      const { cache, dir, source } = await openCache({ memoryMaxSize: 0 });
      source.delay = () => sleep(1);
      const stop = new AbortController();
      const work = async (lane: number) => {
        for (let n = 0; !stop.signal.aborted; n += 1) {
          const { body } = await cache.readUrl(`mem:${lane}-${n % 5}`);
          expect(body.equals(bytesOf(`${lane}-${n % 5}`))).toBe(true);
        }
      };
      const lanes = Promise.all([1, 2, 3, 4].map((lane) => work(lane)));
      try {
        for (let round = 0; round < 15; round += 1) {
          await sleep(Math.random() * 8);
          await removeInUse(join(dir, name));
        }
      } finally {
        stop.abort();
        await lanes;
      }
      await cache.readUrl('mem:after');
      expect((await cache.readUrl('mem:after')).tier).toBe('disk');
      for (const name of ['1-0', '4-4']) {
        expect((await cache.readUrl(`mem:${name}`)).body.equals(bytesOf(name))).toBe(true);
      }
      await cache.close();
      expect((await stat(join(dir, 'manifest.json'))).isFile()).toBe(true);
    },
  );
});

describe('what is left over', () => {
  it('T62: sweeps the unfinished files of processes that have ended, and no others', async () => {
    const dir = await markAsCache(join(await temporaryDirectory(), '.image-cache'));
    await mkdir(join(dir, 'tmp'));
    const uuid = '00000000-0000-4000-8000-000000000000';
    const dead = run(process.execPath, ['-e', '']);
    await dead;
    const live = temporaryPath(dir);
    const here = basename(live).slice(0, 8);
    const names = {
      dead: `${here}-${dead.child.pid}-${uuid}.part`,
      parent: `${here}-${process.ppid}-${uuid}.part`,
      old: `${here}-${process.ppid}-${uuid.replace('4', '5')}.part`,
      predecessor: `${here}-${process.pid}-${uuid}.part`,
      foreign: 'notes.txt',
    };
    for (const name of Object.values(names)) await writeFile(join(dir, 'tmp', name), 'x');
    await writeFile(live, 'x');
    await utimes(join(dir, 'tmp', names.old), 0, 0);
    await utimes(join(dir, 'tmp', names.predecessor), new Date(), new Date(Date.now() - 3600_000));
    const { cache } = await openCache({ dir });
    await cache.stats();
    const left = (await readdir(join(dir, 'tmp'))).toSorted();
    expect(left).toEqual([live.slice(dir.length + 5), names.parent, names.foreign].toSorted());
  });

  it.each([
    ['of another machine', `00000000-${NO_PID}`],
    ['of an earlier version, which did not say of where', NO_PID],
  ])('T62: does not judge the processes %s by their ids, but by a day', async (_, pid) => {
    const dir = join(await temporaryDirectory(), '.image-cache');
    await mkdir(join(dir, 'tmp'), { recursive: true });
    const [fresh, abandoned] = [1, 2].map((n) => `${pid}-00000000-0000-4000-8000-00000000000${n}.part`);
    for (const name of [fresh, abandoned]) await writeFile(join(dir, 'tmp', name ?? ''), 'x');
    await utimes(join(dir, 'tmp', abandoned ?? ''), new Date(), new Date(Date.now() - 25 * 3600_000));
    const { cache } = await openCache({ dir });
    await cache.stats();
    expect(await readdir(join(dir, 'tmp'))).toEqual([fresh]);
  });

  it.skipIf(!canIsolate)(
    'T62: a container does not sweep what another is writing, whose processes it cannot see',
    async () => {
      const dir = join(await temporaryDirectory(), '.image-cache');
      await mkdir(join(dir, 'tmp'), { recursive: true });
      const live = temporaryPath(dir);
      await writeFile(live, 'x');
      const module = JSON.stringify(pathToFileURL(resolve('plugin/cache/files/sweepTemporary.ts')).href);
      const sweep = `import { sweepTemporary } from ${module};
      console.log(await sweepTemporary(${JSON.stringify(dir)}, Date.now()));`;
      const { stdout } = await isolated(process.execPath, '--input-type=module', '-e', sweep);
      expect([stdout.trim(), await readdir(join(dir, 'tmp'))]).toEqual(['0', [basename(live)]]);
    },
  );

  it('T47: an image that was left without its entry stays, and needs no download', async () => {
    const { cache, dir, file } = await cached();
    await cache.close();
    await rm(join(dir, 'journal'), { recursive: true });
    await rm(join(dir, 'manifest.json'));
    const later = await openCache({ dir, now: () => Date.now() + 2 * 3600_000 });
    await later.cache.stats();
    expect((await later.cache.readUrl('mem:x')).tier).toBe('disk');
    expect(later.source.downloads).toBe(0);
    expect((await stat(file)).size).toBe(2000);
  });
});

describe('a damaged journal', () => {
  async function withImages(count: number) {
    const dir = join(await temporaryDirectory(), '.image-cache');
    const { cache } = await openCache({ dir });
    for (let n = 0; n < count; n += 1) await cache.readUrl(`mem:${n}`);
    await cache.close();
    return dir;
  }
  const snapshotIn = async (dir: string) => {
    const names = await readdir(join(dir, 'journal'));
    return join(dir, 'journal', names.find((name) => name.endsWith('.snap')) ?? '');
  };
  const countIn = async (dir: string) => {
    const { cache } = await openCache({ dir });
    const { total_entries } = await cache.stats();
    await cache.close();
    const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Manifest;
    expect(Object.keys(entries)).toHaveLength(total_entries);
    return total_entries;
  };

  it('T52: emptying or editing manifest.json in place costs nothing while the journal is there', async () => {
    const dir = await withImages(3);
    const manifest = join(dir, 'manifest.json');
    const whole = await readFile(manifest, 'utf8');
    for (let length = 0; length < whole.length; length += 97) {
      await truncate(manifest, length);
      expect(await countIn(dir)).toBe(3);
    }
    await writeFile(manifest, JSON.stringify(JSON.parse(whole), null, 2));
    expect(await countIn(dir)).toBe(3);
  });

  it('T52: a snapshot that was cut is put aside, and manifest.json takes its place', async () => {
    const dir = await withImages(3);
    const snapshot = await snapshotIn(dir);
    await truncate(snapshot, (await stat(snapshot)).size - 20);
    expect(await countIn(dir)).toBe(3);
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
  });

  it('T52: if only a cut manifest.json is left, its complete lines still count', async () => {
    const dir = await withImages(3);
    await rm(join(dir, 'journal'), { recursive: true });
    const manifest = join(dir, 'manifest.json');
    await truncate(manifest, (await stat(manifest)).size - 50);
    expect(await countIn(dir)).toBe(2);
  });

  it('T53: missing logs lose only their own records', async () => {
    const dir = await withImages(1);
    const snapshot = await snapshotIn(dir);
    const generation = Number(/(\d{10})\.snap/.exec(snapshot)?.[1]);
    const log = (n: number) => join(dir, 'journal', `${String(n).padStart(10, '0')}.log`);
    const { cache } = await openCache({ dir });
    await cache.readUrl('mem:next');
    await rename(log(generation), log(generation + 3)); // the process holds on to the file
    await appendFile(log(generation), '');
    await cache.close();
    expect(await countIn(dir)).toBeGreaterThanOrEqual(1);
    await rm(await snapshotIn(dir));
    await rm(join(dir, 'manifest.json'));
    const after = await openCache({ dir });
    expect((await after.cache.readUrl('mem:again')).tier).toBe('s3');
    expect((await after.cache.readUrl('mem:again')).tier).toBe('memory');
  });
});
