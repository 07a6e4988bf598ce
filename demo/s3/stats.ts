/** The counters since the start, or since the last reset. */
export interface Stats {
  /** All requests except those to the control route. */
  requests: number;
  /** GETs of objects that reached the store, including those with a fault. */
  gets: number;
  /** Bytes of objects that were sent. */
  bytesSent: number;
  /** GETs by `bucket/key`, for the first 10,000 objects. */
  byKey: Map<string, number>;
  /** PUTs that have written an object, by `bucket/key`, for the first 10,000 objects. */
  writes: Map<string, number>;
}

const MAX_KEYS = 10_000;

export function createStats(): Stats {
  return { requests: 0, gets: 0, bytesSent: 0, byKey: new Map(), writes: new Map() };
}

export function countGet(stats: Stats, name: string): void {
  stats.gets += 1;
  count(stats.byKey, name);
}

export function countWrite(stats: Stats, name: string): void {
  count(stats.writes, name);
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.get(name);
  if (known !== undefined || counts.size < MAX_KEYS) counts.set(name, (known ?? 0) + 1);
}

export function resetStats(stats: Stats): void {
  stats.requests = 0;
  stats.gets = 0;
  stats.bytesSent = 0;
  stats.byKey.clear();
  stats.writes.clear();
}
