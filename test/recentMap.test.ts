import { expect, it } from 'vitest';
import { createRecentMap } from '../plugin/recentMap.ts';

it('keeps what was used last, and tells of what had to go, and of nothing else', () => {
  const evicted: number[] = [];
  const map = createRecentMap<number>(3, { evicted: (value) => void evicted.push(value) });
  for (const [n, key] of ['a', 'b', 'c'].entries()) map.set(key, n);
  map.get('a');
  map.set('d', 3);
  expect(evicted).toEqual([1]); // b
  map.set('c', 10);
  map.delete('c');
  expect(evicted).toEqual([1]);
  map.set('e', 4);
  expect([...map.keys()].toSorted()).toEqual(['a', 'd', 'e']);
  map.set('f', 5);
  expect(evicted).toEqual([1, 0]); // a
});

it('makes no room for what it does not hold yet', () => {
  // So many have no room anywhere.
  const map = createRecentMap<number>(2 ** 40);
  map.set('a', 1);
  expect(map.get('a')).toBe(1);
});
