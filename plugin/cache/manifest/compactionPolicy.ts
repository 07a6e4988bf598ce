/** A manifest of this size is written anew for every burst of changes; what is larger has to be worth it. */
const SMALL_ENTRIES = 10_000;
const MIN_DELAY_MS = 200;
const MAX_DELAY_MS = 60_000;
const MAX_LAG_MS = 60 * 60 * 1000;
/** `manifest.json` and the snapshot it is a copy of cost 4 entries' worth of bytes for each that was added. */
const MIN_LOG_SHARE = 0.5;

/** How long changes are collected before anybody thinks of writing `manifest.json`: 0.5 s at 1,000 entries. */
export function compactionDelay(entries: number): number {
  return Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, entries / 2));
}

/** What there is to gain, and to pay, by writing `manifest.json` anew. */
export interface CompactionState {
  entries: number;
  logBytes: number;
  snapshotBytes: number;
  /** Since the first change that `manifest.json` lacks. */
  lagMs: number;
}

/**
 * True when `manifest.json` has lagged long enough, or the log has grown to half of it. So an entry costs less than
 * 4 kB of writing, however large the manifest is, when many are added; and when few are, they wait for each other: up
 * to 8 minutes at 100,000 entries, an hour at most, and never beyond `close()`. `GET /manifest` knows them at once.
 */
export function isWorthCompacting({ entries, logBytes, snapshotBytes, lagMs }: CompactionState): boolean {
  const patienceMs = (entries / 2) * (entries / SMALL_ENTRIES);
  return lagMs >= Math.min(patienceMs, MAX_LAG_MS) || logBytes >= snapshotBytes * MIN_LOG_SHARE;
}
