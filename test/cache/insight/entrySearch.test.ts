import { describe, expect, it } from 'vitest';
import { EntrySearch } from '../../../plugin/cache/insight/entrySearch.ts';
import { ManifestIndex } from '../../../plugin/cache/manifest/manifestIndex.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { entryOf } from '../../helpers/entries.ts';

function searchIn(count: number, about: (n: number) => Partial<ManifestEntry> = () => ({})) {
  const index = new ManifestIndex('.image-cache/');
  for (let n = 0; n < count; n += 1) index.apply({ op: 'put', entry: entryOf(n, about(n)) });
  const state = { revision: 1, index };
  const search = new EntrySearch({
    index: () => state.index,
    revision: () => state.revision,
    isStale: ({ size_bytes }) => size_bytes % 2 === 0,
  });
  return { search, state };
}
const names = (entries: readonly ManifestEntry[]) => entries.map(({ filename }) => filename);

describe('the first of an order, and the number of all', () => {
  const about = (n: number) => ({
    filename: `${'cab'[n]}.jpg`,
    size_bytes: n + 1,
    cached_at: 100 - n,
    last_used_at: n,
  });

  it.each([
    ['used', ['b.jpg', 'a.jpg', 'c.jpg']],
    ['stored', ['c.jpg', 'a.jpg', 'b.jpg']],
    ['size', ['b.jpg', 'a.jpg', 'c.jpg']],
    ['name', ['a.jpg', 'b.jpg', 'c.jpg']],
  ] as const)('by %s', async (order, expected) => {
    const { search } = searchIn(3, about);
    const { entries, matched, matchedBytes } = await search.find({ order });
    expect([names(entries), matched, matchedBytes]).toEqual([expected, 3, 6]);
  });

  it('of one actor, of one kind, and with a text in any case', async () => {
    const { search } = searchIn(3, (n) => ({
      ...about(n),
      actor_id: n === 0 ? 'Ada' : 'bob',
      ...(n === 1 && { pinned: true }),
    }));
    expect(names((await search.find({ actor: 'Ada' })).entries)).toEqual(['c.jpg']);
    expect(names((await search.find({ kind: 'pinned' })).entries)).toEqual(['a.jpg']);
    expect(names((await search.find({ kind: 'stale' })).entries)).toEqual(['a.jpg']);
    expect(names((await search.find({ text: 'aDA' })).entries)).toEqual(['c.jpg']);
    expect(names((await search.find({ text: 'B.JPG' })).entries)).toEqual(['b.jpg']);
  });

  it('10,000 can be reached, all are counted, and the right ones are kept', async () => {
    const { search } = searchIn(12_000, (n) => ({ last_used_at: (n * 7919) % 12_000 }));
    const { entries, matched } = await search.find({});
    expect([entries.length, matched]).toEqual([10_000, 12_000]);
    expect(entries.map((entry) => entry.last_used_at)).toEqual(Array.from({ length: 10_000 }, (_, n) => 11_999 - n));
  });
});

describe('many searches at once', () => {
  it('are run as far as somebody may still wait for them: the newest four', async () => {
    const { search } = searchIn(3);
    const texts = ['s', 'su', 'sun', 'suns', 'sunse', 'sunset'];
    const settled = await Promise.allSettled(texts.map((text) => search.find({ text })));
    expect(settled.map((each) => (each.status === 'fulfilled' ? 'found' : each.reason.code))).toEqual([
      'OVERLOADED',
      'OVERLOADED',
      ...texts.slice(2).map(() => 'found'),
    ]);
    await expect(search.find({ text: 's' })).resolves.toMatchObject({ matched: 3 });
  });
});

describe('results are kept', () => {
  it('so that pages of one revision belong together, while the newest question gets the newest', async () => {
    const { search, state } = searchIn(3);
    const first = await search.find({ order: 'name' });
    state.index.apply({ op: 'put', entry: entryOf(3) });
    state.revision = 2;
    expect((await search.find({ order: 'name' }, first.revision)).matched).toBe(3);
    expect(await search.find({ order: 'name' })).toMatchObject({ matched: 4, revision: 2 });
  });

  it('four of them; a page of one that is gone gets the newest', async () => {
    const { search, state } = searchIn(3);
    const { revision } = await search.find({ text: '0' });
    for (const text of ['1', '2', '3', '4']) await search.find({ text });
    state.index.apply({ op: 'delete', keys: [entryOf(0).s3_url], reason: 'evicted' });
    state.revision = 2;
    expect(await search.find({ text: '0' }, revision)).toMatchObject({ revision: 2 });
  });

  it('the same question at the same time is answered by one search', async () => {
    const { search } = searchIn(100);
    const [one, other] = await Promise.all([search.find({ text: 'x' }), search.find({ text: 'x' })]);
    expect(one).toBe(other);
  });
});

it('a text that matches nothing gives other work its turns', async () => {
  const entries = Array.from({ length: 1000 }, (_, n) => entryOf(n));
  const index = { batches: () => Array.from({ length: 100 }, () => entries) };
  const search = new EntrySearch({
    index: () => index as unknown as ManifestIndex, // nothing else of it is asked
    revision: () => 1,
    isStale: () => false,
  });
  let turns = 0;
  const count = () => {
    turns += 1;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  expect((await search.find({ text: 'nothing has this' })).matched).toBe(0);
  clearImmediate(timer);
  expect(turns).toBeGreaterThan(1);
});
