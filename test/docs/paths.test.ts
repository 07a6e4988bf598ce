import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What a path in the documents may be relative to. */
const FOLDERS = ['', 'plugin/', 'components/', 'test/e2e/plain/'];

it.each(['CONTRIBUTING.md', 'docs/architecture.md'])(
  '%s names no source file or folder that does not exist',
  (name) => {
    const text = readFileSync(root + name, 'utf8');
    const sources = /`((?:[\w.-]+\/)+[\w.-]+\.tsx?|(?:plugin|components|demo|test|build)\/[\w./-]*)`/g;
    const paths = Array.from(text.matchAll(sources), ([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !FOLDERS.some((folder) => existsSync(root + folder + path)))).toEqual([]);
  },
);
