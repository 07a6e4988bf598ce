import { Adoption } from './discovery/adoption.ts';
import { BlobStore } from './files/blobs.ts';
import { Discovery } from './discovery/discovery.ts';
import { Downloader } from './downloads/downloader.ts';
import { Evictor } from './limits/eviction.ts';
import { FallbackDirs } from './discovery/fallbackDirs.ts';
import { missingSpace } from './files/freeSpace.ts';
import type { ImageCacheSettings } from './imageCacheSettings.ts';
import { JournalManifest } from './manifest/journalManifest.ts';
import { LiveManifest } from './liveManifest.ts';
import type { ManifestObserver } from './manifest/manifestStore.ts';
import { MemoryTier } from './memory.ts';
import { MissPath } from './downloads/missPath.ts';
import { NamedImages } from './discovery/namedImages.ts';
import { Pins } from './limits/pins.ts';
import { RecentUses } from './limits/recentUses.ts';
import { Removal } from './removal.ts';
import { Shelf } from './shelf.ts';
import type { SourceObject } from './source.ts';
import type { StatsCounter } from './stats.ts';
import { Verifier } from './discovery/verifier.ts';

export type CacheParts<Object extends SourceObject> = ReturnType<typeof assembleParts<Object>>;

/** The parts of an image cache, each given the others that it works with. Touches nothing on disk. */
export function assembleParts<Object extends SourceObject>(
  settings: ImageCacheSettings<Object>,
  stats: StatsCounter,
  observer: ManifestObserver,
) {
  const { dir, prefix, source, inspect, logger, concurrency, now = Date.now } = settings;
  const recognize = settings.recognize ?? (() => undefined);
  const sync = settings.durability === 'full';
  const { warn } = observer;

  const store = new JournalManifest({ dir, prefix, sync, now, observer });
  const discovery = new Discovery({ dir, store, now, logger });
  const manifest = new LiveManifest({ store, dir, now, logger, discovery });
  const blobs = new BlobStore({ dir, sync, now });
  const memory = new MemoryTier(settings.memoryMaxSize);
  const shelf = new Shelf({ store, blobs, memory, warn });
  const uses = new RecentUses({ store, now });
  const evictor = new Evictor({
    manifest,
    shelf,
    uses,
    missingSpace: () => missingSpace(dir, settings.minFreeSpace),
    unclaimed: discovery.unclaimed,
    limits: settings,
    now,
    logger,
  });

  const maxBytesOf = (actorId: string) => Math.min(settings.maxSize, settings.quotaOf?.(actorId) ?? Infinity);
  const downloader = new Downloader({ source, store, blobs, inspect, recognize, maxBytesOf, now, sync });
  const missPath = new MissPath({ manifest, shelf, downloader, evictor, concurrency, stats });

  const images = new NamedImages(settings.maxImageSize ?? settings.maxSize);
  const fallback = new FallbackDirs(settings.fallbackDirs ?? []);
  const found = { dir, store, blobs, images, discovery, now };
  const adoption = new Adoption({
    ...found,
    prefix,
    fallback,
    inspect,
    sync,
    warn,
    ensureRoom: () => evictor.ensureFreeSpace(),
    stored: (entry) => evictor.enforce(entry),
  });
  const verifier = new Verifier({ ...found, adoption });
  const removal = new Removal({ manifest, shelf, blobs, discovery, adoption });
  const pins = new Pins(manifest);

  return {
    manifest,
    blobs,
    memory,
    shelf,
    uses,
    evictor,
    downloader,
    missPath,
    discovery,
    fallback,
    adoption,
    verifier,
    removal,
    pins,
  };
}
