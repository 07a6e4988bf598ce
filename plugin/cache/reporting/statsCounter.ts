import type { CacheStats, CacheTier } from '../../protocol.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import { SpeculativeStats } from '../store/speculativeStats.ts';
import { Measures } from './measures.ts';

type Actors = Pick<CacheStats, 'actors'>;
type Counted = Omit<CacheStats, 'actors' | 'cache_id' | 'unclaimed' | 'variants'>;

/** Counters since this server started. */
export class StatsCounter {
  readonly hits = { memory: 0, disk: 0 };
  misses = 0;
  /** Bytes that were served, by where they came from. */
  readonly bytes = { memory: 0, disk: 0, s3: 0 };
  completed = 0;
  failed = 0;
  downloadedBytes = 0;
  /** Images that were downloaded before they were requested, by key. */
  readonly prefetched = new SpeculativeStats();
  readonly revalidations = { unchanged: 0, changed: 0, failed: 0 };
  readonly measures = new Measures();

  /** Images that were served, from wherever, or could not be. */
  get requested(): number {
    return this.hits.memory + this.hits.disk + this.misses + this.failed;
  }

  served(tier: CacheTier, bytes: number): void {
    this.bytes[tier] += bytes;
    if (tier === 's3') this.misses += 1;
    else this.hits[tier] += 1;
  }

  /** Bytes that were served without a download. */
  get bytesSaved(): number {
    return this.bytes.memory + this.bytes.disk;
  }

  report(index: ManifestIndex, memory: MemoryTier, queue: { active: number; queued: number }): Counted & Actors {
    const { total_entries, total_size_bytes, total_size_mb, ...counted } = this.count(index, memory, queue);
    const actors = Object.fromEntries(
      [...index.actors()].map(([actor, keys]) => [actor, { entries: keys.size, size_bytes: index.bytesOf(actor) }]),
    );
    return { total_entries, total_size_bytes, total_size_mb, actors, ...counted };
  }

  /** The same without the actors, of which there may be a hundred thousand. */
  count(index: ManifestIndex, memory: MemoryTier, queue: { active: number; queued: number }): Counted {
    const hits = this.hits.memory + this.hits.disk;
    const asked = hits + this.misses;
    return {
      total_entries: index.size,
      total_size_bytes: index.totalBytes,
      total_size_mb: Math.round(index.totalBytes / 10_000) / 100,
      compression: index.compression,
      memory: { entries: memory.entries, size_bytes: memory.bytes, max_bytes: memory.maxBytes },
      hits: { ...this.hits },
      misses: this.misses,
      hit_ratio: asked === 0 ? 0 : Math.round((hits / asked) * 10_000) / 10_000,
      bytes_saved: this.bytesSaved,
      downloads: {
        active: queue.active,
        queued: queue.queued,
        completed: this.completed,
        failed: this.failed,
        bytes: this.downloadedBytes,
      },
      revalidations: { ...this.revalidations },
      preloading: memory.preloaded.stats,
      prefetching: this.prefetched.stats,
    };
  }
}
