import type { ManifestEntry } from '../../protocol.ts';
import { sha256 } from '../files/layout.ts';
import { TimeSlice } from '../../timeSlice.ts';

/** The part of a file name in `images/` that stands for the key: see `imagePath`. */
const KEY_HASH = /_([0-9a-f]{16})_[0-9a-f]{32}\.[a-z0-9]+$/;
const KEY_HASH_LENGTH = 16;

/** Three hex digits. At a million entries a bucket holds 250 entries, which are sorted in a moment. */
const BUCKETS = 4096;
const BUCKET_DIGITS = 3;

/**
 * The sort order of the entries in a snapshot. An image is looked up by its key or by its path, and this hash follows from
 * both, so a snapshot can be searched before it has been read.
 */
export function keyHashOfPath(path: string): string | undefined {
  return KEY_HASH.exec(path)?.[1];
}

export function keyHashOf(key: string): string {
  return sha256(key).slice(0, KEY_HASH_LENGTH);
}

/** Yields the entries in the order of {@link keyHashOfPath}; each bucket is sorted when it is reached. */
export async function inKeyOrder(entries: readonly ManifestEntry[]): Promise<Iterable<ManifestEntry>> {
  const buckets: ManifestEntry[][] = Array.from({ length: BUCKETS }, () => []);
  const timeSlice = new TimeSlice();
  for (const entry of entries) {
    buckets[Number.parseInt(hashOf(entry).slice(0, BUCKET_DIGITS), 16)]?.push(entry);
    if (timeSlice.isOver) await timeSlice.yield();
  }
  return sorted(buckets);
}

function* sorted(buckets: readonly ManifestEntry[][]): Generator<ManifestEntry> {
  for (const bucket of buckets) yield* bucket.toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1));
}

/** Every path in the index has a hash, because an entry without one is not let in. */
function hashOf(entry: ManifestEntry): string {
  return keyHashOfPath(entry.local_path) ?? keyHashOf(entry.s3_url);
}
