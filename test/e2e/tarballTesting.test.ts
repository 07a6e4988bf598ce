import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../helpers/child.ts';
import { snippetsOf } from '../helpers/snippets.ts';
import { INSTALL, NODES, npm, packTarball, root, strangersEnv, typeCheck } from './tarball.ts';

const TESTS = ['src/Portrait.test.tsx', 'src/AddPictures.test.tsx'];

/** In the versions that this project is tested with itself. */
const TOOLS =
  '@testing-library/dom @testing-library/react @types/react fake-indexeddb happy-dom jsdom react react-dom typescript vite vitest';

const STRICT = [
  '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --verbatimModuleSyntax --skipLibCheck',
  '--target es2022 --lib es2023,dom,dom.iterable --jsx react-jsx',
].flatMap((line) => line.split(' '));

vi.setConfig({ testTimeout: 60_000 });

let app: string;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'image-cache-testing-'));
  const tarball = await packTarball(app);
  // What npm has written.
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string } | undefined>;
  };
  const tools = TOOLS.split(' ').map((name) => `${name}@${packages[`node_modules/${name}`]?.version}`);
  await npm(['init', '--yes'], app);
  await npm(['pkg', 'set', 'type=module'], app);
  await npm([...INSTALL, tarball, ...tools], app);
  const cookbook = snippetsOf(await readFile(join(root, 'docs', 'cookbook.md'), 'utf8'));
  await mkdir(join(app, 'src'));
  for (const test of TESTS) await writeFile(join(app, test), cookbook.find(({ name }) => name === test)?.code ?? '');
  return () => rm(app, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
});

describe('the component tests of the cookbook, in a project that has installed the tarball', () => {
  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('type-checks strictly as module %s, moduleResolution %s', async (module, moduleResolution) => {
    const settings = ['--module', module, '--moduleResolution', moduleResolution];
    const { complaints, declarations } = await typeCheck(app, [...STRICT, ...settings, ...TESTS]);
    expect(declarations.some((file) => file.includes('/testing/'))).toBe(true);
    expect(complaints).toEqual([]);
  });

  it.each(['jsdom', 'happy-dom'])('passes in %s, and leaves nothing behind (E18)', async (environment) => {
    await rm(join(app, 'report.json'), { force: true });
    const vitest = join(app, 'node_modules', 'vitest', 'vitest.mjs');
    const args = ['run', '--reporter=json', '--outputFile=report.json', '--environment', environment];
    // Fails when a test does; what the report says is what is compared.
    const ended = run(NODES[0].node, [vitest, ...args], { cwd: app, env: strangersEnv() });
    const { stdout, stderr } = await ended.catch(() => ({ stdout: '', stderr: 'It has failed.' }));
    const report: unknown = JSON.parse(await readFile(join(app, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ success: true, numPassedTests: 3, numFailedTests: 0 });
    expect(stdout + stderr).not.toMatch(/is not defined|ReferenceError|after the environment|failed/i);
  });
});
