/** Files that count for the size of the cache, and go before anything that has an entry. */
export interface Reclaimable {
  readonly bytes: number;
  /** Removes files until so many bytes are free, or none are left. Returns how many bytes that were. */
  reclaim(bytes: number): Promise<number>;
}
