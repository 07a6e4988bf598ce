import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { resolveOptions } from '../../plugin/resolveOptions.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const text = readFileSync(join(root, 'docs/react.md'), 'utf8');

/** The conventions of docs/react.md, with the cells that name their tests, e.g. "C `recovery`, `hooks`; E `react`". */
const rows = Array.from(
  text.split('## What to rely on')[1]?.matchAll(/^\| (.+?) +\| (.+?) +\|.*$/gm) ?? [],
  ([, convention = '', tests = '']) => ({ convention, tests }),
).slice(2);

const FOLDERS = {
  C: ['test/components', 'test/components/client', 'test/components/testing'],
  E: ['test/e2e'],
} as const;

function isTest(folder: keyof typeof FOLDERS, name: string): boolean {
  const files = FOLDERS[folder].flatMap((path) => [`${path}/${name}.test.ts`, `${path}/${name}.test.tsx`]);
  return files.some((file) => existsSync(join(root, file)));
}

it('has widths that the server makes: others would come larger than their label', () => {
  const lists = Array.from(text.matchAll(/widths=\{(\[[\d, ]+\])\}/g), ([, list = '']) => JSON.parse(list) as number[]);
  expect(lists).not.toEqual([]);
  const { widths } = resolveOptions({ buckets: ['team-photos'] }).images;
  expect(lists.flat().filter((width) => !widths.includes(width))).toEqual([]);
});

it('finds the table', () => expect(rows.length).toBeGreaterThan(20));

it.each(rows)('names tests that there are: $convention', ({ tests }) => {
  const named = tests.split(';').flatMap((part) => {
    const folder = part.includes('E `') ? 'E' : 'C';
    return Array.from(part.matchAll(/`(\w+)`/g), ([, name = '']) => ({ folder, name }) as const);
  });
  expect(named).not.toEqual([]);
  expect(named.filter(({ folder, name }) => !isTest(folder, name))).toEqual([]);
});
