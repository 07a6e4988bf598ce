import type { ManifestEntry } from '../protocol.ts';
import type { ManifestIndex } from './manifestIndex.ts';

export interface EvictionLimits {
  /** Bytes. */
  maxSize: number;
  maxEntries: number;
}

/** Making room for a tenth at a time keeps the cost of choosing, which grows with the manifest, rare. */
const LOW_WATER = 0.9;

/**
 * The keys to drop so that the cache fits its limits again: the least recently used first, pinned images and the one
 * that was just stored never. Empty while it fits.
 */
export function chooseVictims(index: ManifestIndex, limits: EvictionLimits, keep: string): string[] {
  if (index.totalBytes <= limits.maxSize && index.size <= limits.maxEntries) return [];
  const candidates = [...index.values()]
    .filter((entry) => entry.pinned !== true && entry.s3_url !== keep)
    .toSorted((a: ManifestEntry, b: ManifestEntry) => a.last_used_at - b.last_used_at);

  let bytes = index.totalBytes;
  let entries = index.size;
  const victims: string[] = [];
  for (const entry of candidates) {
    if (bytes <= limits.maxSize * LOW_WATER && entries <= limits.maxEntries * LOW_WATER) break;
    bytes -= entry.size_bytes;
    entries -= 1;
    victims.push(entry.s3_url);
  }
  return victims;
}
