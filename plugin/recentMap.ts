import { LRUCache } from 'lru-cache';

interface RecentMapOptions<Value> {
  /** Told of each value that had to make room for another one. */
  evicted?: (value: Value) => void;
}

/**
 * A map that keeps the entries that were used last, `max` of them at most. Its memory grows with what it holds: with its own `max`,
 * an `LRUCache` makes room for all of it at once, which takes tens of milliseconds for 100,000 entries.
 */
export function createRecentMap<Value extends object | number>(
  max: number,
  { evicted }: RecentMapOptions<Value> = {},
): LRUCache<string, Value> {
  return new LRUCache<string, Value>({
    maxSize: max,
    sizeCalculation: () => 1,
    ...(evicted && {
      dispose: (value, _, reason) => {
        if (reason === 'evict') evicted(value);
      },
    }),
  });
}
