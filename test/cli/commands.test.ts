import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckAnswer, DoctorAnswer } from '../../plugin/inspectorProtocol.ts';
import type { CacheStats, ClearAnswer, VerifyReport } from '../../plugin/protocol.ts';
import manifest from '../../package.json' with { type: 'json' };
import { runCommand } from '../helpers/commandLine.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

/** A project with an image-cache.config for a bucket with a picture, and the command line in it. */
async function project(names: readonly string[] = ['a.jpg']) {
  const bucket = await startBucket();
  for (const [index, name] of names.entries()) bucket.server.put('photos', name, await jpeg(index + 1));
  const cwd = await temporaryDirectory();
  await configure(cwd, bucket);
  const run = (argv: readonly string[], world: Parameters<typeof runCommand>[1] = {}) =>
    runCommand(argv, { cwd, ...world });
  return { bucket, cwd, run };
}

function configure(cwd: string, bucket: Bucket): Promise<void> {
  const options = { buckets: [bucket.option], minFreeSpace: 0, durability: 'process' };
  return writeFile(join(cwd, 'image-cache.config.mjs'), `export default ${JSON.stringify(options)};`);
}

describe('the command line', () => {
  it('prints its version, which is that of the package, and its help; without a command, it could not be done', async () => {
    expect(await runCommand(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, said: '' });
    const { code, out } = await runCommand(['--help']);
    expect(code).toBe(0);
    for (const word of [
      'doctor [url]',
      'explain <url>',
      'stats',
      'warm [file|-]',
      'clear [actor]',
      'verify',
      '--json',
    ]) {
      expect(out).toContain(word);
    }
    expect((await runCommand(['stats', '--help'])).out).not.toContain('--yes');
    expect((await runCommand([])).code).toBe(2);
  });

  it.each([
    [['fly'], 'There is no command fly'],
    [['stats', '--yes'], 'no option --yes'],
    [['stats', '--colour'], "Unknown option '--colour'"],
    [['stats', 'x'], 'takes nothing more'],
    [['explain'], 'needs <url>'],
    [['explain', 'a', 'b'], 'Put a text with special characters into quotes'],
    [['doctor', '--bucket', 'x'], 'option `buckets.0'],
    [['fly\u001B[31m'], 'no command fly\uFFFD[31m'],
  ])('refuses %j', async (argv, message) => {
    const { code, out, said } = await runCommand(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(said).toContain(message);
  });

  it('warm, stats, verify, clear: one after the other', async () => {
    const { run, cwd } = await project(['a.jpg', 'b.jpg']);
    const warmed = await run(['warm'], { input: ['s3://photos/a.jpg\n0001\ts3://photos/b.jpg\r\n', '\n# none\n'] });
    expect(warmed).toMatchObject({ code: 0, out: '2 images: 2 downloaded, 0 cached before, 0 failed\n' });

    const { out } = await run(['stats']);
    expect(out).toMatch(/images +2, /);
    expect(out).toMatch(/0001 +1 image, /);
    expect((JSON.parse((await run(['stats', '--json'])).out) as CacheStats).total_entries).toBe(2);
    expect(JSON.parse((await run(['stats', '--json', '--actor', '0001'])).out)).toMatchObject({ entries: 1 });
    // Without opening the directory, which would write to it.
    expect((await run(['explain', 's3://photos/b.jpg'])).out).toMatch(/bytes in \.image-cache\/images\/0001\//);
    expect((await run(['stats', '--actor', 'nobody'])).out).toBe('nobody: 0 images, 0 bytes\n');

    expect(await run(['verify'])).toMatchObject({ code: 0, out: expect.stringMatching(/2 +images/) });
    expect(await run(['verify', '--check'])).toMatchObject({ code: 0, out: '2 files compared: nothing is wrong.\n' });
    const [file = ''] = await readdir(join(cwd, '.image-cache/images/0001'));
    await writeFile(join(cwd, '.image-cache/images/0001', file), 'other bytes');
    for (const _ of [1, 2]) {
      const told = await run(['verify', '--check']);
      expect(told).toMatchObject({ code: 1, out: expect.stringMatching(/^damaged .*b\.jpg\n2 files compared\.$/m) });
    }
    expect((JSON.parse((await run(['verify', '--check', '--json'])).out) as CheckAnswer).problem_count).toBe(1);
    const verified = await run(['verify', '--json']);
    expect(verified.code).toBe(1);
    expect(JSON.parse(verified.out) as VerifyReport).toMatchObject({ damaged: 1, dropped: 1 });

    expect(await run(['clear', 'default'], { reply: 'n' })).toMatchObject({ code: 1, out: '' });
    expect(await run(['clear', 'default', '--json'], { reply: 'y' })).toMatchObject({
      code: 0,
      said: 'Remove 1 image of default? [y/N] \n',
    });
    const cleared = await run(['clear', '--yes', '--json']);
    expect(JSON.parse(cleared.out) as ClearAnswer).toMatchObject({ cleared: 0 });
  });

  it('clear removes nothing unasked: where nobody can be asked, it needs --yes', async () => {
    const { run } = await project();
    await run(['warm'], { input: ['s3://photos/a.jpg'] });
    expect(await run(['clear'])).toMatchObject({ code: 2, said: expect.stringContaining('--yes') });
    expect(JSON.parse((await run(['stats', '--json'])).out)).toMatchObject({ total_entries: 1 });
  });

  it.each(['', '..', 'a/b', '__proto__', 'evil\u001B[2J', 'a'.repeat(300)])(
    'the actor %j, whom the API would refuse, is refused, and nothing is removed or written',
    async (actor) => {
      const { run, cwd } = await project();
      await run(['warm'], { input: ['s3://photos/a.jpg'] });
      const before = await readFile(join(cwd, '.image-cache/manifest.json'), 'utf8');
      for (const argv of [
        ['clear', actor, '--yes'],
        ['stats', '--actor', actor],
        ['warm', '--actor', actor],
      ])
        expect(await run(argv), argv[0]).toMatchObject({
          code: 2,
          out: '',
          said: expect.stringMatching(/^The actor id /),
        });
      const line = await run(['warm', '--json'], { input: [`${actor}\ts3://photos/a.jpg`] });
      expect(line).toMatchObject({ code: 1, out: expect.stringContaining('"INVALID_ACTOR_ID"') });
      expect(await readFile(join(cwd, '.image-cache/manifest.json'), 'utf8')).toBe(before);
    },
  );

  it('doctor and explain say in their exit code whether something has failed, and create no directory', async () => {
    const { run, cwd, bucket } = await project();
    const well = await run(['doctor', '--json']);
    expect(well.code).toBe(0);
    expect((JSON.parse(well.out) as DoctorAnswer).checks.map(({ id }) => id)).toContain('bucket.read');
    const url = await bucket.presign('a.jpg');
    const told = await run(['doctor', url]);
    expect(told).toMatchObject({ code: 0, out: expect.stringContaining('48 × 32 pixels') });
    expect(told.out).not.toContain('X-Amz-Signature');
    const lost = await run(['explain', 's3://photos/none.jpg']);
    expect(lost).toMatchObject({ code: 1, out: expect.stringContaining('✗ Its server sends it') });
    expect(lost.out).toContain('For an issue:');
    expect(await readdir(cwd)).toEqual(['image-cache.config.mjs']);
  });

  it('NO_COLOR and no terminal: no escape sequence; with a terminal, some', async () => {
    const { run } = await project();
    const url = 's3://photos/a.jpg';
    // oxlint-disable-next-line no-control-regex -- it is what is looked for
    const escape = /\u001B/;
    expect((await run(['explain', url])).out).not.toMatch(escape);
    expect((await run(['explain', url], { hasColours: true })).out).toMatch(escape);
  });

  it('names of actors and objects reach the terminal without control characters', async () => {
    const { run } = await project();
    const { out } = await run(['explain', 's3://photos/%1B%5B31m%E2%80%AEgpj.exe']);
    // oxlint-disable-next-line no-control-regex -- it is what is looked for
    expect(out).not.toMatch(/[\u001B\u202E]/);
    await run(['warm'], { input: ['evil\u009B2J\u202E\ts3://photos/a.jpg'] });
    expect((await run(['stats'])).out).toContain('evil\uFFFD2J\uFFFD');
    const { out: json } = await run(['stats', '--json']);
    expect(json).toContain(String.raw`evil\u009b2J\u202e`);
    expect(Object.keys((JSON.parse(json) as CacheStats).actors)).toEqual(['evil\u009B2J\u202E']);
  });
});

describe('where the options are from', () => {
  it('--dir is enough for what only reads the directory, and says where for all else', async () => {
    const { run, cwd, bucket } = await project();
    const dir = join(cwd, 'elsewhere');
    await run(['warm', '--dir', 'elsewhere'], { input: ['s3://photos/a.jpg'] });
    expect(await readdir(dir)).toContain('manifest.json');
    const other = await temporaryDirectory();
    const stats = await runCommand(['stats', '--json', '--dir', dir], { cwd: other });
    expect(JSON.parse(stats.out)).toMatchObject({ total_entries: 1 });
    expect((await runCommand(['verify', '--dir', dir], { cwd: other })).code).toBe(0);
    const warm = ['warm', '--dir', dir, '--bucket', 'photos', '--endpoint', bucket.option.endpoint];
    const { out } = await runCommand(warm, { cwd: other, input: [await bucket.presign('a.jpg')] });
    expect(out).toContain('1 cached before');
  });

  it('--config names a module', async () => {
    const { cwd } = await project();
    const other = await temporaryDirectory();
    const file = join(cwd, 'image-cache.config.mjs');
    expect((await runCommand(['doctor', '--config', file], { cwd: other })).code).toBe(0);
  });

  it.each([
    ['image-cache.config.mjs', 'throw new Error("no database")', 'no database'],
    ['image-cache.config.mjs', 'export const options = {}', 'no default export'],
    ['image-cache.config.mjs', 'export default { buckets: [] }', 'at least one bucket'],
    ['vite.config.mjs', 'throw new Error("no database")', 'no database'],
    ['vite.config.mjs', 'export default {}', 'has the plugin imageCache()'],
  ])('I55: %s with %s', async (name, text, message) => {
    const cwd = await temporaryDirectory();
    await writeFile(join(cwd, name), text);
    const { code, out, said } = await runCommand(['stats', '--json'], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(said).toContain(message);
  });

  it('I55: a directory that is missing is not made, and one of something else is not touched', async () => {
    const { run, cwd } = await project();
    for (const command of ['stats', 'verify', 'clear']) {
      const { code, said } = await run(command === 'clear' ? ['clear', '--yes'] : [command]);
      expect(code, command).toBe(2);
      expect(said, command).toContain('There is no cache in');
    }
    expect(await readdir(cwd)).toEqual(['image-cache.config.mjs']);
    await mkdir(join(cwd, '.image-cache'));
    await writeFile(join(cwd, '.image-cache', 'thesis.doc'), 'mine');
    const { code, said } = await run(['clear', '--yes']);
    expect(code).toBe(2);
    expect(said).toContain('used for something else');
    expect(await readdir(join(cwd, '.image-cache'))).toEqual(['thesis.doc']);
  });
});

it('I55: works beside servers on the directory, which see what it has done', async () => {
  const { run, cwd, bucket } = await project();
  const cacheDir = join(cwd, '.image-cache');
  const servers = await Promise.all([1, 2, 3].map(() => startApi(bucket, { cacheDir })));
  const url = await bucket.presign('a.jpg');
  for (const server of servers) await (await server.get(imageUrl(url))).arrayBuffer();
  expect(JSON.parse((await run(['stats', '--json'])).out)).toMatchObject({ total_entries: 1 });
  expect((await run(['clear', '--yes'])).out).toMatch(/^1 image removed/);
  for (const server of servers) await expect.poll(() => server.images.cache.find(url)).toBeUndefined();
});

it('Ctrl+C ends the downloads, closes the cache and says so', async () => {
  const { bucket, run } = await project();
  bucket.server.faults.hang = 1;
  const interrupted = new AbortController();
  setTimeout(() => interrupted.abort(), 100);
  const ran = await run(['warm'], { input: ['s3://photos/a.jpg'], signal: interrupted.signal });
  expect(ran).toMatchObject({ code: 130, out: '' });
});
