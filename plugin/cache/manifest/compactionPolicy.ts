/** A manifest up to this size is written again after every burst of changes. A larger one is written only when it is worth the cost. */
const SMALL_ENTRIES = 10_000;
const MIN_DELAY_MS = 200;
const MAX_DELAY_MS = 60_000;
const MAX_LAG_MS = 60 * 60 * 1000;
/**
 * Size of the log, as a share of the snapshot, that is worth a write. `manifest.json` and the snapshot that it is a copy of
 * then cost 4 entries' worth of bytes for each entry that was added.
 */
const MIN_LOG_SHARE = 0.5;

/** How long changes are collected before `manifest.json` is considered for writing: 0.5 s at 1,000 entries. */
export function compactionDelay(entries: number): number {
  return Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, entries / 2));
}

/** The benefit and the cost of writing `manifest.json` again. */
export interface CompactionState {
  entries: number;
  logBytes: number;
  snapshotBytes: number;
  /** Milliseconds since the first change that `manifest.json` lacks. */
  lagMs: number;
}

/**
 * True when `manifest.json` has lagged long enough, or the log has grown to half of its size. When many entries are added,
 * each costs less than 4 kB of writing, however large the manifest is. When few are added, their writing is delayed so that
 * they share it: up to 8 minutes at 100,000 entries, at most an hour, and never beyond `close()`. `GET /manifest` knows them
 * at once.
 */
export function isWorthCompacting({ entries, logBytes, snapshotBytes, lagMs }: CompactionState): boolean {
  const patienceMs = (entries / 2) * (entries / SMALL_ENTRIES);
  return lagMs >= Math.min(patienceMs, MAX_LAG_MS) || logBytes >= snapshotBytes * MIN_LOG_SHARE;
}
