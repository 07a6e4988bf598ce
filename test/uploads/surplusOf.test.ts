import { expect, it } from 'vitest';
import { surplusOf } from '../../plugin/uploads/surplusOf.ts';

const done = (owner: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${owner} ${index}`, record: { owner } }));
const idsOf = (records: readonly { id: string }[]) => records.map(({ id }) => id);

it('an owner who makes up thousands of ids pushes out none of the others, however new they are', () => {
  const ann = done('ann', 30);
  const bob = done('bob', 5);
  const flood = done('mallory', 5_000);
  const surplus = surplusOf([...flood, ...ann, ...bob], 100);
  expect(new Set(surplus.map(({ record: { owner } }) => owner))).toEqual(new Set(['mallory']));
  expect(surplus).toHaveLength(5_035 - 100);
  expect(idsOf(surplus)).not.toContain('mallory 0');
});

it('of two who share all of it, each keeps a half, and of one alone, the oldest go', () => {
  const surplus = surplusOf([...done('ann', 60), ...done('bob', 60)], 100);
  expect(idsOf(surplus).toSorted()).toEqual(
    [...idsOf(done('ann', 60)).slice(50), ...idsOf(done('bob', 60)).slice(50)].toSorted(),
  );
  expect(idsOf(surplusOf(done('ann', 5), 3))).toEqual(['ann 3', 'ann 4']);
});

it('nothing is too much while there is room, and records that cannot be read count as those of one owner', () => {
  expect(surplusOf(done('ann', 3), 3)).toEqual([]);
  const unread = Array.from({ length: 9 }, (_, id) => ({ id: `${id}`, record: undefined }));
  expect(surplusOf([...unread, ...done('ann', 2)], 5).map(({ record }) => record)).toEqual(Array(6).fill(undefined));
});
