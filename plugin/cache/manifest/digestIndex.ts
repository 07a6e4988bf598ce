import type { ManifestEntry } from '../../protocol.ts';
import { ShardedMap } from './shardedMap.ts';

/** Entries by the digest of their bytes. Those with the same bytes share a file (see `BlobStore.store`), which counts once (S9). */
export class DigestIndex {
  readonly #byDigest = new ShardedMap<ManifestEntry>();
  /** All entries of each digest that several have. */
  readonly #twins = new Map<string, Set<ManifestEntry>>();
  #bytes = 0;

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Some entry with exactly these bytes. */
  get(sha256: string): ManifestEntry | undefined {
    return this.#byDigest.get(sha256);
  }

  add(entry: ManifestEntry): void {
    const { sha256 } = entry;
    const other = this.#byDigest.get(sha256);
    this.#byDigest.set(sha256, entry);
    this.#bytes += entry.size_bytes - (other?.size_bytes ?? 0);
    if (other === undefined) return;
    const twins = this.#twins.get(sha256) ?? new Set([other]);
    this.#twins.set(sha256, twins.add(entry));
  }

  remove(entry: ManifestEntry): void {
    const { sha256 } = entry;
    const twins = this.#twins.get(sha256);
    if (twins === undefined) {
      this.#byDigest.delete(sha256);
      this.#bytes -= entry.size_bytes;
      return;
    }
    twins.delete(entry);
    const [other] = twins;
    if (other !== undefined && this.#byDigest.get(sha256) === entry) {
      this.#byDigest.set(sha256, other);
      this.#bytes += other.size_bytes - entry.size_bytes;
    }
    if (twins.size < 2) this.#twins.delete(sha256);
  }

  /** Puts an entry with the same bytes in the place of another. */
  replace(entry: ManifestEntry, next: ManifestEntry): void {
    const { sha256 } = entry;
    if (this.#byDigest.get(sha256) === entry) this.#byDigest.set(sha256, next);
    const twins = this.#twins.get(sha256);
    if (twins?.delete(entry) === true) twins.add(next);
  }

  clear(): void {
    this.#byDigest.clear();
    this.#twins.clear();
    this.#bytes = 0;
  }
}
