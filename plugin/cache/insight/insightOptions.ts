import type { Discovery } from '../discovery/discovery.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { Freshness } from '../fetch/freshness.ts';
import type { MissedImages } from '../fetch/missedImages.ts';
import type { FreeSpace } from '../files/freeSpace.ts';
import type { ImageRef, Source } from '../injected/source.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import type { StatsCounter } from '../reporting/statsCounter.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { VariantMaker } from '../variants/variantMaker.ts';
import type { Variants } from '../variants/variants.ts';
import type { VariantStore } from '../variants/variantStore.ts';
import type { ActivityLog } from './activityLog.ts';
import type { Departures } from './departures.ts';
import type { History } from './history.ts';
import type { Problems } from './problems.ts';
import type { Recorder } from './recorder.ts';

/** The parts of the cache that are looked at. */
export interface InsightOptions<Ref extends ImageRef> {
  /** The cache directory. */
  dir: string;
  /** Prefix of every `local_path`, e.g. `.image-cache/`. */
  prefix: string;
  maxSize: number;
  now: () => number;
  instance: string;
  /** Number of changes so far. */
  revision: () => number;
  source: Source<Ref>;
  manifest: SharedManifest;
  memory: MemoryTier;
  fetcher: Fetcher<Ref>;
  missed: MissedImages;
  freshness: Freshness<Ref>;
  discovery: Discovery;
  variants: Variants;
  variantStore: VariantStore;
  maker: VariantMaker | undefined;
  stats: StatsCounter;
  freeSpace: FreeSpace;
  activity: ActivityLog;
  departures: Departures;
  history: History;
  problems: Problems;
  recorder: Recorder;
}
