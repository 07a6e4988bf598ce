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
}

const MAX_KEYS = 10_000;

export function createStats(): Stats {
  return { requests: 0, gets: 0, bytesSent: 0, byKey: new Map() };
}

export function countGet(stats: Stats, name: string): void {
  stats.gets += 1;
  const count = stats.byKey.get(name);
  if (count !== undefined || stats.byKey.size < MAX_KEYS) stats.byKey.set(name, (count ?? 0) + 1);
}

export function resetStats(stats: Stats): void {
  stats.requests = 0;
  stats.gets = 0;
  stats.bytesSent = 0;
  stats.byKey.clear();
}
