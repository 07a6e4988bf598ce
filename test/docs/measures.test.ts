import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Metric } from '../../plugin/cache/index.ts';
import { openCache } from '../helpers/cache.ts';

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** The table of measures in docs/http.md. */
const documented = new Map(
  Array.from(
    page('http.md').matchAll(/^\| `(image_cache_\w+)` +\| (\w+) +\| ([^|]*?) *\|/gm),
    ([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label) },
    ],
  ),
);

let metrics: Metric[];
beforeEach(async () => {
  const { cache } = await openCache();
  await cache.prefetch({ s3_url: 'mem:a' }, '0001');
  await cache.prefetch({ s3_url: 'elsewhere' }, '0001');
  await cache.invalidate('mem:a');
  metrics = await cache.metrics();
});

it('docs/http.md has a row for each measure, with its type and its labels', () => {
  const measured = metrics.map(({ name, type, samples: [sample] }) => {
    expect(sample, `${name} has no value in this test`).toBeDefined();
    return [name, { type, labels: Object.keys(sample?.labels ?? {}) }] as const;
  });
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(measured));
});

describe.each(['grafana.json', 'cookbook.md'])('the queries of docs/%s', (name) => {
  const text = page(name).replaceAll('\\"', '"');
  /** A measure, and what is in the braces after it. */
  const asked = [...text.matchAll(/\b(image_cache_\w+?)(_bucket|_sum|_count)?\b(?:\{([^}]*)\})?/g)];

  it('ask for measures that there are', () => {
    expect(asked.length).toBeGreaterThan(3);
    const unknown = asked.filter(([, measure = '', part]) => {
      const type = documented.get(measure)?.type;
      return type === undefined || (type === 'histogram') !== (part !== undefined);
    });
    expect(unknown.map(([query]) => query)).toEqual([]);
  });

  it('select by labels that they have', () => {
    for (const [query, measure = '', , selector = ''] of asked) {
      const labels = Array.from(selector.matchAll(/(\w+)[=!]~?"/g), ([, label]) => label);
      const known = new Set([...(documented.get(measure)?.labels ?? []), 'job', 'le']);
      expect(
        labels.filter((label) => !known.has(label)),
        query,
      ).toEqual([]);
    }
  });
});

describe('docs/grafana.json', () => {
  interface Panel {
    id: number;
    title: string;
    gridPos: Record<'x' | 'y' | 'w' | 'h', number>;
    targets: { expr: string; legendFormat: string }[];
  }
  const { panels } = JSON.parse(page('grafana.json')) as { panels: Panel[] };

  it('shows every measure', () => {
    const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join(' ');
    expect([...documented.keys()].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('groups by labels that the measures have, and names them in the legend', () => {
    for (const { title, targets } of panels) {
      for (const { expr, legendFormat } of targets) {
        const [, by = ''] = / by \(([^)]*)\)/.exec(expr) ?? [];
        const groups = by.split(', ').filter((label) => label !== '' && label !== 'le' && label !== 'instance');
        const [, name = ''] = /(image_cache_\w+?)(?:_bucket)?\{/.exec(expr) ?? [];
        expect(documented.get(name)?.labels, `${title}: ${expr}`).toEqual(expect.arrayContaining(groups));
        const named = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = '']) => label);
        expect(named.toSorted(), `${title}: ${legendFormat}`).toEqual(groups.toSorted());
      }
    }
  });

  it('has panels that do not overlap', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});
