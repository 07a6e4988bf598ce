/** Adds a value to a map, and removes the oldest ones beyond the limit. The new value is kept, whatever its size. */
export function keepNewest<T>(
  map: Map<string, T>,
  key: string,
  value: T,
  limit: number,
  sizeOf: (value: T) => number = () => 1,
): void {
  // Deleted first, because a Map keeps the order in which keys were first set.
  map.delete(key);
  let size = sizeOf(value);
  for (const each of map.values()) size += sizeOf(each);
  for (const [oldest, each] of map) {
    if (size <= limit) break;
    size -= sizeOf(each);
    map.delete(oldest);
  }
  map.set(key, value);
}
