import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VARIANT_FORMATS } from '../../plugin/formats.ts';
import { INSPECTOR_ROUTES, ROUTES, SIMULATION_ROUTES } from '../../plugin/http/apis.ts';

/** The texts between backticks, of a sentence that begins so. */
function namesAfter(text: string, beginning: string): (string | undefined)[] {
  const [, rest = ''] = text.split(beginning, 2);
  const [sentence = ''] = rest.split(';', 1);
  return Array.from(sentence.matchAll(/`(\w+)`/g), ([, name]) => name);
}

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** The first column of each row of a table, below the line with the given heading. */
function firstColumn(text: string, heading: string): string[] {
  const [, table = ''] = text.split(new RegExp(`^\\| ${heading} .*\\n\\|[ -|]+\\n`, 'm'));
  const [rows = ''] = table.split('\n\n', 1);
  return rows.split('\n').map((row) => row.split('|')[1] ?? '');
}

it('docs/http.md names every format that can be asked for', () => {
  expect(namesAfter(page('http.md'), '`format` is ').slice(0, VARIANT_FORMATS.length)).toEqual([...VARIANT_FORMATS]);
});

describe('every route is in the documents, and nothing else', () => {
  it.each([
    ['call', ROUTES],
    ["inspector's call", INSPECTOR_ROUTES],
    ["simulation's call", SIMULATION_ROUTES],
  ])('docs/http.md has a row for each: %s', (heading, all) => {
    const calls = firstColumn(page('http.md'), heading).join('\n');
    const documented = [...calls.matchAll(/`(GET|POST|PUT|DELETE) (\/[\w:/-]+)/g)].map(
      ([, method, path]) => `${method} ${path}`,
    );
    const routes = all.map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(documented)].toSorted()).toEqual(routes.toSorted());
  });

  it('docs/security.md says of each who has it', () => {
    const rows = firstColumn(page('security.md'), 'routes').map((cell) =>
      [...cell.matchAll(/`(\/[\w:/-]+)`/g)].map(([, path = '']) => path).toSorted(),
    );
    const by = (access: string) =>
      [...new Set(ROUTES.filter((route) => route.access === access).map(({ path }) => path))].toSorted();
    expect(rows).toEqual([by('images'), by('uploads'), by('metrics'), by('invalidate'), by('manage')]);
  });

  it('the calls of the inspector are all of the management', () => {
    const all = [...INSPECTOR_ROUTES, ...SIMULATION_ROUTES];
    expect(new Set(all.map(({ access }) => access))).toEqual(new Set(['manage']));
  });

  it('no two routes have the same path and method', () => {
    const calls = [...ROUTES, ...INSPECTOR_ROUTES, ...SIMULATION_ROUTES].map(({ method, path }) => `${method} ${path}`);
    expect(new Set(calls).size).toBe(calls.length);
  });
});
