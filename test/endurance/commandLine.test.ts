import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DoctorAnswer } from '../../plugin/inspectorProtocol.ts';
import { runCommand } from '../helpers/commandLine.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, openBucket } from '../helpers/stack.ts';

const program = fileURLToPath(new URL('../../plugin/cli.ts', import.meta.url));
let bucket: Bucket;
beforeAll(async () => {
  bucket = await openBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  return () => bucket.close();
});

/** A project whose configuration writes to the standard output, and does what `more` says. */
async function project(more = ''): Promise<string> {
  const cwd = await temporaryDirectory();
  const options = { buckets: [bucket.option], minFreeSpace: 0 };
  await writeFile(
    join(cwd, 'image-cache.config.mjs'),
    `console.log('noise'); process.stdout.write('more noise'); ${more}; export default ${JSON.stringify(options)};`,
  );
  return cwd;
}

/** Starts the command line as a process of its own, with pipes and no terminal. */
function start(cwd: string, argv: readonly string[]) {
  const child = spawn(process.execPath, [program, ...argv], { cwd, env: { ...process.env, NO_COLOR: '' } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on('error', () => undefined); // it may have ended
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, said }));
  return { child, ended };
}

describe('I55: as a process', () => {
  it('the standard output is JSON, whatever the configuration writes there, and holds open', async () => {
    const cwd = await project('setInterval(() => console.log("tick"), 5)');
    const { child, ended } = start(cwd, ['warm', '--json']);
    child.stdin.end(`s3://photos/a.jpg\n0001\t${await bucket.presign('a.jpg')}\n`);
    const { code, out, said } = await ended;
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { status?: string }).status)).toEqual([
      expect.any(String),
      expect.any(String),
      undefined,
    ]);
    expect(said).toContain('noise');
    expect(said).toContain('tick');
  });

  it('a reader that leaves (`| head`) ends it without a word', async () => {
    const { child, ended } = start(await project(), ['warm', '--json']);
    child.stdout.once('data', () => child.stdout.destroy());
    const feed = setInterval(() => child.stdin.write('x\n'.repeat(1000)), 5);
    const { code, said } = await ended.finally(() => clearInterval(feed));
    expect(code).toBe(0);
    expect(said).not.toContain('EPIPE');
  });

  it('a reader that leaves before the end of a pack: the command was not done, and says so', async () => {
    const cwd = await project();
    const warm = start(cwd, ['warm']);
    warm.child.stdin.end('s3://photos/a.jpg\n');
    await warm.ended;
    const { child, ended } = start(cwd, ['export', '-']);
    child.stdout.destroy();
    const { code, said } = await ended;
    expect(code).toBe(2);
    expect(said).toContain('The output was cut short');
  });

  it('Ctrl+C closes the cache: what is there stays, and the next command works', async () => {
    const cwd = await project();
    const { child, ended } = start(cwd, ['warm', '--json']);
    child.stdin.write('s3://photos/a.jpg\n');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).toBe(130);
    expect(out).not.toContain('done');
    const stats = await start(cwd, ['stats', '--json']).ended;
    expect(JSON.parse(stats.out)).toMatchObject({ total_entries: 1 });
  });

  it('a configuration that waits for an answer that nobody gives does not hang it', async () => {
    const { child, ended } = start(
      await project(
        "await (await import('node:readline/promises')).createInterface(process.stdin).question('Which? ')",
      ),
      ['stats'],
    );
    child.stdin.end();
    const { code, out, said } = await ended;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(said).toContain('waits for something that never comes');
  });

  it.each([
    ['ends the process with 0', 'process.exit(0)', ''],
    [
      'throws later',
      "setTimeout(() => { throw new Error('late \\u001B[31m AKIAABCDEFGHIJKLMNOP') }, 1); await new Promise((done) => setTimeout(done, 500))",
      'Error: late \uFFFD[31m [redacted]',
    ],
  ])('a configuration that %s: the command was not done', async (_, more, message) => {
    const { code, out, said } = await start(await project(more), ['stats', '--json']).ended;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(said).toContain(message);
  });
});

it('I56: of 100,000 lines only a few are in memory, and each expired one is named', async () => {
  const cwd = await project();
  const expired = await Promise.all(Array.from({ length: 40 }, (_, n) => bucket.presign(`${n}.jpg`, 3600)));
  let given = 0;
  let most = 0;
  let ended = 0;
  function* lines() {
    for (; given < 100_000; given += 1) {
      most = Math.max(most, given - ended);
      const url = given % 2_500 === 0 ? expired[given / 2_500] : `photo-${given}.jpg`;
      yield `${url}\n`;
    }
  }
  const named: string[] = [];
  const print = async (line: string) => {
    ended += 1;
    const result = JSON.parse(line) as { code?: string; s3_url?: string };
    if (result.code === 'UPSTREAM_EXPIRED') named.push(result.s3_url ?? '');
    expect(line).not.toContain('Signature');
  };
  const { code } = await runCommand(['warm', '--json'], { cwd, input: lines(), print });
  expect(code).toBe(1);
  expect(named).toHaveLength(40);
  expect(new Set(named)).toContain(`${bucket.option.endpoint}/photos/7.jpg`);
  expect(ended).toBe(100_001);
  expect(most).toBeLessThan(40);
}, 60_000);

it('reads the options of the plugin in vite.config, and what is wrong with it', async () => {
  const cwd = await temporaryDirectory();
  const plugin = new URL('../../plugin/index.ts', import.meta.url).pathname;
  await writeFile(
    join(cwd, 'vite.config.ts'),
    `import { imageCache } from ${JSON.stringify(plugin)};
       const buckets = [${JSON.stringify(bucket.option)}];
       export default { plugins: [[imageCache({ buckets }), imageCache({ buckets })]], server: { allowedHosts: true } };`,
  );
  const { code, out } = await runCommand(['doctor', '--json'], { cwd });
  const { checks } = JSON.parse(out) as DoctorAnswer;
  expect(code).toBe(1);
  expect(checks.filter(({ status }) => status === 'fail' || status === 'warn').map(({ id }) => id)).toEqual([
    'server.plugin',
    'server.hosts',
  ]);
  expect((await runCommand(['stats', '--config', 'vite.config.ts'], { cwd })).said).toContain('There is no cache');
}, 60_000);
