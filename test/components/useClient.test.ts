import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// jsdom's `import.meta.url` is no file; tests run in the project's root.
const read = (name: string): string => readFileSync(`components/${name}`, 'utf8');

const exported = [...read('index.ts').matchAll(/from '\.\/(\w+\.tsx?)'/g)].flatMap(([, name]) => name ?? []);

test('the index exports what is in this folder', () => {
  expect(exported).toContain('CachedImage.tsx');
  expect(readdirSync('components')).toEqual(expect.arrayContaining(exported));
});

test.each(exported)('%s is a client module to React Server Components', (name) => {
  expect(read(name)).toMatch(/^'use client';\n/);
});

test('what needs no React stays usable in a server component: the boundary is not around the index', () => {
  expect(read('index.ts')).not.toContain('use client');
});
