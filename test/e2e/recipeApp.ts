import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../helpers/directory.ts';
import { root } from './tarball.ts';

/** A section of the cookbook, by its heading. */
export async function sectionOf(heading: string): Promise<string> {
  const cookbook = await readFile(join(root, 'docs/cookbook.md'), 'utf8');
  const [section] = cookbook.slice(cookbook.indexOf(`## ${heading}\n`)).split(/\n(?=## )/, 1);
  return section ?? '';
}

/** A project with these files, and with packages of this repository as its own: this one, and those that are named. */
export async function writeRecipeApp(
  files: Readonly<Record<string, string>>,
  { packages, programs }: { packages: readonly string[]; programs: readonly string[] },
): Promise<string> {
  const app = await temporaryDirectory();
  const manifest = { name: 'app', type: 'module', private: true };
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
    await mkdir(dirname(join(app, name)), { recursive: true });
    await writeFile(join(app, name), text);
  }
  const modules = join(app, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  for (const name of packages) await symlink(join(root, 'node_modules', name), join(modules, name));
  for (const name of programs) await symlink(join(root, 'node_modules/.bin', name), join(modules, '.bin', name));
  await symlink(root, join(modules, 'vite-plugin-image-cache'));
  // As npm links it; only npm makes the file a program.
  const program = `#!/bin/sh\nexec node "${join(root, 'dist/plugin/cli.js')}" "$@"\n`;
  await writeFile(join(modules, '.bin/vite-plugin-image-cache'), program, { mode: 0o755 });
  return app;
}

/** Runs lines of a shell in the project, where nothing is known of this machine's keys, and npm fetches nothing. */
export function shell(
  lines: string,
  app: string,
  more: NodeJS.ProcessEnv = {},
): Promise<{ code: number; output: string; complaints: string }> {
  const env = { PATH: process.env['PATH'], HOME: app, npm_config_offline: 'true', ...more };
  return new Promise((resolve) => {
    execFile('bash', ['-e', '-c', lines], { cwd: app, env }, (error, output, complaints) => {
      resolve({ code: error === null ? 0 : Number(error.code), output, complaints });
    });
  });
}
