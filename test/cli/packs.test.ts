import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImportAnswer } from '../../plugin/protocol.ts';
import { runCommand } from '../helpers/commandLine.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { entriesIn } from '../helpers/packs.ts';
import { startBucket } from '../helpers/stack.ts';

/** Projects of one bucket, of which the first has cached its pictures. */
async function projects() {
  const bucket = await startBucket();
  for (const n of [1, 2, 3]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
  const project = async (more: object = {}) => {
    const cwd = await temporaryDirectory();
    const options = { buckets: [bucket.option], minFreeSpace: 0, durability: 'process', ...more };
    await writeFile(join(cwd, 'image-cache.config.mjs'), `export default ${JSON.stringify(options)};`);
    const run = (argv: readonly string[], world: Parameters<typeof runCommand>[1] = {}) =>
      runCommand(argv, { cwd, ...world });
    return { cwd, run };
  };
  const from = await project();
  await from.run(['warm'], { input: ['0001\ts3://photos/1.jpg\n0001\ts3://photos/2.jpg\n0002\ts3://photos/3.jpg\n'] });
  return { bucket, project, from };
}

describe('export and import', () => {
  it('take the images of one project to another, by a file and by a pipe, byte for byte', async () => {
    const { project, from } = await projects();
    expect(await from.run(['export', 'all.tar'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 images, \d/),
    });
    const pack = await readFile(join(from.cwd, 'all.tar'));
    expect((await stat(join(from.cwd, 'all.tar'))).mode & 0o777).toBe(0o600);

    const other = await project({ cacheDir: 'elsewhere' });
    const imported = await other.run(['import', join(from.cwd, 'all.tar')]);
    expect(imported).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 images imported, .*; 0 cached before\.\n$/),
    });
    const chunks: Uint8Array[] = [];
    const piped = await other.run(['export', '-'], { write: async (bytes) => void chunks.push(bytes) });
    expect(piped).toMatchObject({ code: 0, out: '', said: expect.stringContaining('3 images') });
    expect(Buffer.concat(chunks)).toEqual(pack);

    const again = await other.run(['import', '-', '--json'], { input: [pack.subarray(0, 700), pack.subarray(700)] });
    expect(JSON.parse(again.out) as ImportAnswer).toMatchObject({ done: true, total: 3, known: 3, imported: 0 });
  });

  it('export those of an actor, and those that are listed, and name what is not cached, without its signature', async () => {
    const { bucket, from } = await projects();
    await from.run(['export', 'one.tar', '--actor', '0002']);
    expect(entriesIn(await readFile(join(from.cwd, 'one.tar'))).slice(1)).toHaveLength(1);

    const [one, nine] = await Promise.all([bucket.presign('1.jpg'), bucket.presign('9.jpg')]);
    const listed = await from.run(['export', 'listed.tar', '--urls', '-'], {
      input: [`# mine\n0001\t${one}\n${nine}\n`],
    });
    expect(listed).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^1 image, /),
      said: expect.stringMatching(/not cached: .*9\.jpg/),
    });
    expect(listed.said).not.toContain('Signature');

    await writeFile(join(from.cwd, '.image-cache/missed.txt'), `0001\ts3://photos/2.jpg\n`);
    expect(await from.run(['export', 'missed.tar', '--missed'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^1 image, /),
    });
    expect((await from.run(['export', 'x.tar', '--urls', 'none.txt'])).said).toContain('none.txt cannot be read');
    expect((await from.run(['warm', 'none.txt'])).said).toContain('none.txt cannot be read');
  });

  it('say 1 if something was refused, name it, and leave out what a terminal would obey', async () => {
    const { project, from } = await projects();
    await from.run(['export', 'all.tar']);
    const pack = await readFile(join(from.cwd, 'all.tar'));
    pack[pack.lastIndexOf('images/0002/') + 600] = 0; // in the picture
    const other = await project();
    await writeFile(join(other.cwd, 'damaged.tar'), pack);
    const { code, out } = await other.run(['import', 'damaged.tar']);
    expect(code).toBe(1);
    expect(out).toMatch(/PACK_MISMATCH images\/0002\/.*: Its bytes are not/);
    expect(out).toMatch(/2 images imported, .*1 refused\.\n$/);
    await writeFile(join(other.cwd, 'text.tar'), 'no tar');
    expect(await other.run(['import', 'text.tar'])).toMatchObject({
      code: 2,
      said: expect.stringContaining('not a pack'),
    });
    expect(await other.run(['import', 'none.tar'])).toMatchObject({
      code: 2,
      said: expect.stringContaining('cannot be read'),
    });
  });

  it('write no bytes to a terminal, and leave no half-written file', async () => {
    const { from } = await projects();
    expect(await from.run(['export', '-'], { showsData: true })).toMatchObject({
      code: 2,
      said: expect.stringContaining('no text'),
    });
    expect(await from.run(['export', 'nowhere/all.tar'])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/all\.tar cannot be written: ENOENT.*\nName a file in a directory that exists/s),
    });
    const control = new AbortController();
    control.abort();
    expect((await from.run(['export', 'all.tar'], { signal: control.signal })).code).toBe(130);
    expect((await readdir(from.cwd)).toSorted()).toEqual(['.image-cache', 'image-cache.config.mjs']);
  });

  it('replace files, also behind a link, and nothing else: the name may be that of a device or a pipe', async () => {
    const { from } = await projects();
    const at = (name: string) => join(from.cwd, name);
    await mkdir(at('folder'));
    await writeFile(at('folder/old.tar'), 'old');
    await symlink('folder/old.tar', at('link.tar'));
    expect(await from.run(['export', 'link.tar'])).toMatchObject({ code: 0 });
    expect((await lstat(at('link.tar'))).isSymbolicLink()).toBe(true);
    expect(entriesIn(await readFile(at('folder/old.tar')))).toHaveLength(4);

    const server = createServer().listen(at('special'));
    await once(server, 'listening');
    for (const name of ['special', 'folder']) {
      const { dev, ino } = await lstat(at(name));
      expect(await from.run(['export', name])).toMatchObject({
        code: 2,
        said: expect.stringContaining(`${name} is no file`),
      });
      expect(await lstat(at(name))).toMatchObject({ dev, ino });
    }
    server.close();
    await once(server, 'close');
  });
});
