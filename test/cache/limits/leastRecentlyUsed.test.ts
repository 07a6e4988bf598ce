import { describe, expect, it } from 'vitest';
import { leastRecentlyUsed } from '../../../plugin/cache/limits/leastRecentlyUsed.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { entryOf } from '../../helpers/entries.ts';

/** As many entries as asked for, cheaply: they differ in what the choice looks at. */
function entries(count: number, lastUse: (n: number) => number): ManifestEntry[] {
  const template = entryOf(0);
  return Array.from({ length: count }, (_, n) => ({ ...template, s3_url: `mem:${n}`, last_used_at: lastUse(n) }));
}

const any = () => true;
const uses = (found: readonly ManifestEntry[]) => found.map(({ last_used_at }) => last_used_at);

describe('choosing the least recently used', () => {
  it.each<[string, (n: number) => number]>([
    ['oldest first', (n) => n],
    ['newest first', (n) => 100_000 - n],
    ['mixed', (n) => (n * 7919) % 100_003],
  ])('finds exactly the oldest, in order, however they are listed: %s', async (_, lastUse) => {
    const all = entries(30_000, lastUse);
    const expected = uses(all.toSorted((a, b) => a.last_used_at - b.last_used_at)).slice(0, 500);
    expect(uses(await leastRecentlyUsed(all, 500, any))).toEqual(expected);
  });

  it('skips entries that may not be evicted, and returns fewer when there are fewer', async () => {
    const all = entries(1000, (n) => n);
    const odd = await leastRecentlyUsed(all, 5, ({ last_used_at }) => last_used_at % 2 === 1);
    expect(uses(odd)).toEqual([1, 3, 5, 7, 9]);
    expect(await leastRecentlyUsed(all, 5, ({ last_used_at }) => last_used_at >= 998)).toHaveLength(2);
    expect(await leastRecentlyUsed(all, 5, () => false)).toEqual([]);
  });

  it('returns entries that were all used at the same time', async () => {
    expect(
      await leastRecentlyUsed(
        entries(10_000, () => 7),
        100,
        any,
      ),
    ).toHaveLength(100);
  });
});
