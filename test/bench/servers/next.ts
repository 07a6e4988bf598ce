import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { RunningServer } from './kinds.ts';
import { freePort, startProgram } from './spawned.ts';

const run = promisify(execFile);

/** An app of one empty page, built, for what `next/image` asks: `/_next/image?url=…&w=…&q=…`. */
export async function start({ public: files, dir }: { public: string; dir: string }): Promise<RunningServer> {
  const next = createRequire(import.meta.url).resolve('next/package.json');
  const command = join(dirname(next), 'dist/bin/next');
  await mkdir(join(dir, 'pages'));
  await writeFile(join(dir, 'package.json'), '{ "private": true }');
  await writeFile(join(dir, 'pages/index.js'), 'export default () => null;\n');
  await cp(files, join(dir, 'public'), { recursive: true });
  await symlink(dirname(dirname(next)), join(dir, 'node_modules'));
  await run(process.execPath, [command, 'build', dir, '--webpack']); // Turbopack follows no link out of its root
  const port = await freePort();
  return startProgram(process.execPath, [command, 'start', dir, '-p', String(port), '-H', '127.0.0.1'], port);
}
