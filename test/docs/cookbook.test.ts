import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfigFromFile, resolveConfig } from 'vite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../plugin/cli/commands.ts';
import { run } from '../helpers/child.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { snippetsOf } from '../helpers/snippets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cookbook = readFileSync(join(root, 'docs/cookbook.md'), 'utf8');

const snippets = snippetsOf(cookbook);

const SETTINGS = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    // The sources, so that no build is needed.
    paths: {
      'vite-plugin-image-cache': [join(root, 'plugin/index.ts')],
      'vite-plugin-image-cache/client': [join(root, 'components/client/index.ts')],
      'vite-plugin-image-cache/express': [join(root, 'plugin/express.ts')],
      'vite-plugin-image-cache/react': [join(root, 'components/index.ts')],
      'vite-plugin-image-cache/uploads': [join(root, 'components/uploads/index.ts')],
      'vite-plugin-image-cache/testing': [join(root, 'components/testing/index.ts')],
    },
  },
  include: ['**/*', join(root, 'components/env.d.ts')],
};

describe('the cookbook', () => {
  it('names every block of TypeScript', () => {
    expect(snippets.length).toBeGreaterThan(10);
    expect(snippets.filter(({ name }) => name === undefined)).toEqual([]);
  });

  it('has snippets that type-check under strict settings', { timeout: 60_000 }, async () => {
    const directory = await temporaryDirectory();
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(SETTINGS));
    // Not among our own dependencies.
    const foreign = ['pino', '@opentelemetry/api', '@sentry/node'].map((name) => `declare module '${name}';\n`);
    const storybook =
      "declare module '@storybook/react-vite' { export type StorybookConfig = Record<string, unknown>; }\n";
    await writeFile(join(directory, 'foreign.d.ts'), [...foreign, storybook].join(''));
    for (const [index, { name, code }] of snippets.entries()) {
      // Hidden folders would be left out.
      const isOfPlaywright = name?.startsWith('e2e/') === true; // these import each other
      const file = join(directory, isOfPlaywright ? 'playwright' : `${index}`, (name ?? '').replace(/^\./, ''));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, code);
    }
    const complaints = await run(join(root, 'node_modules/.bin/tsc'), ['-p', directory]).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    expect(complaints).toBe('');
  });
});

it('N12: the test of uploads is the one that is run in jsdom and in happy-dom', () => {
  const run = readFileSync(join(root, 'test/components/testing/uploads.test.tsx'), 'utf8');
  const shown = snippets.find(({ name }) => name === 'src/AddPictures.test.tsx')?.code ?? '';
  const code = shown.slice(shown.indexOf('import')).trim();
  expect(code).toContain("'vite-plugin-image-cache/uploads'");
  expect(run.replace('../../../components/uploads/index.ts', 'vite-plugin-image-cache/uploads')).toContain(code);
});

describe('images in CI', () => {
  const section = cookbook.slice(cookbook.indexOf('## Images in CI\n'));
  const blocks = (lang: string) =>
    Array.from(section.matchAll(new RegExp(`^\`\`\`${lang}\\n([^]*?)^\`\`\`$`, 'gm')), ([, code = '']) => code);

  /** Runs lines in an empty repository, where programs that would need the network only tell how they were called. */
  async function runLines(lines: string) {
    const directory = await temporaryDirectory();
    await run('git', ['init', '-q', directory]);
    const bin = join(directory, '.bin');
    await mkdir(bin);
    // Git calls `git-lfs` for `git lfs`; the real one writes such a line into .gitattributes.
    const lfs = 'case "$1" in track) echo "$2 filter=lfs diff=lfs merge=lfs -text" >> .gitattributes;; esac\n';
    const told = (name: string, more = '') => `#!/bin/sh\necho "${name} $*"\n${more}`;
    for (const [name, more] of [['npm'], ['npx'], ['git-lfs', lfs]] as const) {
      await writeFile(join(bin, name), told(name, more), { mode: 0o700 });
    }
    await mkdir(join(directory, 'e2e'));
    await writeFile(join(directory, 'e2e/images.tar'), 'a pack');
    const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: directory };
    const { stdout } = await run('bash', ['-e', '-c', lines], { cwd: directory, env });
    return { directory, calls: stdout.trim().split('\n') };
  }

  it('has lines for Git LFS that put the pack and its attributes into the index', async () => {
    const [lines = ''] = blocks('bash');
    const { directory, calls } = await runLines(lines);
    expect(calls).toEqual(['git-lfs install', 'git-lfs track e2e/images.tar']);
    const { stdout } = await run('git', ['ls-files'], { cwd: directory });
    expect(stdout).toBe('.gitattributes\ne2e/images.tar\n');
  });

  it('has workflows that are YAML, whose steps run, and which call what this package has', async () => {
    const workflows = blocks('yaml');
    expect(workflows).toHaveLength(2);
    for (const workflow of workflows) {
      const { jobs } = JSON.parse(await parse(workflow)) as {
        jobs: { e2e: { steps: { run?: string; uses?: string }[] } };
      };
      const steps = jobs.e2e.steps.flatMap(({ run: lines }) => lines ?? []);
      const { calls } = await runLines(steps.join('\n'));
      expect(calls).toContain('npx playwright test');
      for (const [, command = ''] of calls.join('\n').matchAll(/vite-plugin-image-cache (\S+)/g)) {
        expect(Object.keys(COMMANDS)).toContain(command);
      }
    }
  });
});

/** The parser that knip brings, as a program. @returns the document as JSON */
async function parse(yaml: string): Promise<string> {
  const parser = run(join(root, 'node_modules/.bin/yaml'), ['--json', '--single', '--strict']);
  parser.child.stdin?.end(yaml);
  return (await parser).stdout;
}

describe('each vite.config.ts of the cookbook', () => {
  const configs = snippets.filter(({ name }) => name === 'vite.config.ts');
  const r2 = configs.find(({ code }) => code.includes('loadEnv'));
  const variables = ['R2_ACCOUNT_ID', 'R2_ACCESS_KEY_ID', 'R2_SECRET_ACCESS_KEY'];

  afterEach(() => vi.unstubAllEnvs());

  async function load(code: string, command: 'serve' | 'build') {
    const directory = await temporaryDirectory();
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    const file = join(directory, 'vite.config.ts');
    // The sources, so that no build is needed.
    const plugin = JSON.stringify(join(root, 'plugin/index.ts'));
    await writeFile(file, code.replace("'vite-plugin-image-cache'", plugin));
    const loaded = await loadConfigFromFile({ command, mode: 'development' }, file, directory, 'silent');
    return loaded?.config ?? {};
  }

  it.each(configs)('is a whole one, and has the plugin: number %#', async ({ code }) => {
    for (const name of variables) vi.stubEnv(name, 'value');
    const config = await load(code, 'serve');
    const { plugins } = await resolveConfig({ ...config, configFile: false, logLevel: 'silent' }, 'serve');
    expect(plugins.map(({ name }) => name)).toContain('image-cache:serve');
  });

  it.each(variables)('notices that %s is not set, unless it builds', async (unset) => {
    for (const name of variables) vi.stubEnv(name, name === unset ? '' : 'value');
    await expect(load(r2?.code ?? '', 'serve')).rejects.toThrow(`${unset} is set neither`);
    await expect(load(r2?.code ?? '', 'build')).resolves.toBeDefined();
  });
});
