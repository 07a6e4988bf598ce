import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../helpers/child.ts';
import { exists, packTarball, root } from './tarball.ts';

const EXPECTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md)$/,
  /^docs\/(\w+\.md|demo\.jpg|grafana\.json)$/,
  /^dist\/THIRD-PARTY-LICENSES\.md$/,
  /^dist\/plugin\/[\w-]+\.js$/,
  /^dist\/inspector\/(files\.json|index\.html|overlay\.js|assets\/[\w-]+\.(js|css))$/,
  /^dist\/sw\/(imageWorker|tombstone)\.js$/,
  /^dist\/(plugin\/[\w/]+\.d\.ts|components\/[\w/]+\.(js|d\.ts))$/,
];

let tarball: string;
let unpacked: string;
let files: string[];

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'image-cache-package-'));
  tarball = await packTarball(directory);
  await run('tar', ['-xzf', tarball, '-C', directory]);
  unpacked = join(directory, 'package');
  const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
  files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)));
  return () => rm(directory, { recursive: true, force: true });
});

const read = (file: string) => readFile(join(unpacked, file), 'utf8');

/** Every file that `exports` leads to. */
async function exported(): Promise<string[]> {
  const { exports } = JSON.parse(await read('package.json')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  return Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
}

/** Links and pictures of a page that are no addresses; code is none of it. */
function relativeLinks(markdown: string): string[] {
  const text = markdown.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return Array.from(
    text.matchAll(/\]\((?![a-z]+:)([^)\s]+)|\b(?:src|href)="(?![a-z]+:)([^"]+)"/g),
    (m) => m[1] ?? m[2] ?? '',
  );
}

/** What a page's headings are linked by, as GitHub and npm make it. */
function headings(markdown: string): Set<string> {
  const text = markdown.replace(/^```[^]*?^```$/gm, '');
  return new Set(
    Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

describe('the tarball', () => {
  it('contains the build and the documentation, and no source, test, demo or build state', () => {
    expect(files.filter((file) => !EXPECTED.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']));
  });

  it('E19: contains all files and headings that its pages link to, but the pictures that only the repository has', async () => {
    const pages = files.filter((file) => file.endsWith('.md') && !file.startsWith('dist/'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/cookbook.md']));
    const broken: string[] = [];
    let links = 0;
    for (const page of pages) {
      for (const link of relativeLinks(await read(page))) {
        links += 1;
        const [path = '', heading] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        if (target.startsWith('docs/pictures/')) {
          expect(await exists(join(root, target)), target).toBe(true);
          continue;
        }
        const found = files.includes(target) && (heading === undefined || headings(await read(target)).has(heading));
        if (!found) broken.push(`${page}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
    expect(links).toBeGreaterThan(20);
  });

  it('E19: has no address that does not exist yet, and CONTRIBUTING.md says so', async () => {
    const manifest = JSON.parse(await read('package.json')) as Record<string, unknown>;
    const named = ['repository', 'homepage', 'bugs'].filter((field) => field in manifest);
    if (named.length === 0) expect(await read('CONTRIBUTING.md')).toContain('`repository`, `homepage` and `bugs`');
    else expect(named).toEqual(['repository', 'homepage', 'bugs']);
  });

  it('E4: the code that Vite imports when it starts is small, and imports no package but Vite', async () => {
    const files = new Set(['./index.js']);
    const packages = new Set<string>();
    let started = '';
    for (const file of files) {
      const code = await read(join('dist/plugin', file));
      started += code;
      for (const [, name = ''] of code.matchAll(/^import .* from "([^"]+)";$/gm)) {
        (name.startsWith('./') ? files : packages).add(name);
      }
    }
    expect(started.length).toBeLessThan(210_000); // not minified; half of it is what checks options
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual(['vite']);
    expect(files).not.toContain('./createApi.js');
    expect(started).toContain('import("./createApi.js")');
  });

  it('E5: installs four packages, and contains the licences of those that are bundled', async () => {
    const { dependencies } = JSON.parse(await read('package.json')) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies)).toEqual(['@aws-sdk/client-s3', '@smithy/signature-v4', 'express', 'modern-tar']);
    const code = (await Promise.all(files.filter((file) => file.endsWith('.js')).map(read))).join('\n');
    const held = new Set(
      Array.from(code.matchAll(/^\/\/ (?:#region )?node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm), ([, name]) => name),
    );
    const licences = await read('dist/THIRD-PARTY-LICENSES.md');
    expect(held).toContain('zod');
    // The inspector's page is minified, and its comments with the names are gone.
    for (const name of ['react', 'react-dom', 'scheduler']) held.add(name);
    expect(new Set(Array.from(licences.matchAll(/^## (\S+) \d\S* \(/gm), ([, name]) => name))).toEqual(held);
  });

  it('stays small; a tenth of it is the picture, and a tenth the inspector', async () => {
    expect((await stat(tarball)).size).toBeLessThan(1_180_000);
  });

  it('tells a page that imports the plugin what to import instead, and does not load Vite', async () => {
    const inPage = join(unpacked, 'dist', 'components', 'pluginInPage.js');
    expect((await exported()).map((target) => join(unpacked, target))).toContain(inPage);
    await expect(import(pathToFileURL(inPage).href)).rejects.toThrow("import from 'vite-plugin-image-cache/react'");
  });

  it('has one program, under the name of the package and a short one, which runs', async () => {
    const { bin } = JSON.parse(await read('package.json')) as { bin: Record<string, string> };
    expect(Object.keys(bin)).toEqual(['image-cache', 'vite-plugin-image-cache']);
    for (const file of Object.values(bin)) expect((await read(file)).split('\n', 1)).toEqual(['#!/usr/bin/env node']);
  });

  it('contains all files that `exports` names', async () => {
    const targets = await exported();
    expect(targets).toHaveLength(18);
    for (const target of targets) expect(await exists(join(unpacked, target)), target).toBe(true);
  });

  it('contains nothing about the machine on which it was built', async () => {
    for (const file of files) expect((await read(file)).includes(root), file).toBe(false);
  });
});
