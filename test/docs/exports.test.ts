import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import * as client from '../../components/client/index.ts';
import * as react from '../../components/index.ts';

const page = await readFile(new URL('../../docs/react.md', import.meta.url), 'utf8');

/** The names in the first column of a table of exports. */
function namesIn(head: string): string[] {
  const [, table = ''] = new RegExp(`^\\| ${head}.*\\n\\|.*\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
  const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`<?(\w+)/g), ([, name = '']) => name));
}

describe('what docs/react.md names is exported', () => {
  test.each(namesIn('from `/react`'))('%s from /react', (name) => expect(react).toHaveProperty(name));
  test.each(namesIn('from `/client`'))('%s from /client', (name) => expect(client).toHaveProperty(name));
  test('and there is something', () =>
    expect([...namesIn('from `/react`'), ...namesIn('from `/client`')].length).toBe(14));
});
