import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { ManifestEntry } from '../protocol.ts';
import type { CachePart } from './manifest/cachePart.ts';
import { Adoption } from './discovery/adoption.ts';
import { ActivityLog } from './insight/activityLog.ts';
import { DepartureFile } from './insight/departureFile.ts';
import { Departures } from './insight/departures.ts';
import { Durations } from './insight/durations.ts';
import { History } from './insight/history.ts';
import { Problems } from './insight/problems.ts';
import { Recorder } from './insight/recorder.ts';
import { DEPARTURES_FILE, HISTORY_FILE } from './files/layout.ts';
import { NdjsonFile } from './files/ndjsonFile.ts';
import { BlobStore } from './files/blobStore.ts';
import { Compressor } from './variants/compressor.ts';
import { Discovery } from './discovery/discovery.ts';
import { type Commit, Committer } from './store/commit.ts';
import { Downloader } from './fetch/downloader.ts';
import { Evictor } from './limits/evictor.ts';
import { FallbackDirs } from './discovery/fallbackDirs.ts';
import { Freshness } from './fetch/freshness.ts';
import { missingSpace } from './files/missingSpace.ts';
import type { ImageCacheSettings } from './imageCacheSettings.ts';
import { JournalManifest } from './manifest/journalManifest.ts';
import { SharedManifest } from './manifest/sharedManifest.ts';
import type { ManifestObserver } from './manifest/manifestStore.ts';
import { MemoryTier } from './store/memoryTier.ts';
import { Fetcher } from './fetch/fetcher.ts';
import { packFull } from './packs/importRoom.ts';
import { Packs } from './packs/packs.ts';
import { offlineFull } from '../offline.ts';
import { Keeper, type KeeperOptions } from './limits/keeper.ts';
import { MissedImages } from './fetch/missedImages.ts';
import type { Room } from './limits/room.ts';
import { NamedImages } from './discovery/namedImages.ts';
import { Outages, type OutagesOptions } from './fetch/outages.ts';
import { Pins } from './limits/pins.ts';
import { Prefetcher, type PrefetcherOptions } from './fetch/prefetcher.ts';
import { Preloader } from './preloading/preloader.ts';
import { RefusedObjects } from './fetch/refusedObjects.ts';
import { RecentUses } from './limits/recentUses.ts';
import { Reservations } from './limits/reservations.ts';
import { Refetcher } from './fetch/refetcher.ts';
import { Removal } from './removal.ts';
import { Revalidator } from './fetch/revalidator.ts';
import { ImageStore } from './store/imageStore.ts';
import type { ImageRef, Source } from './injected/source.ts';
import type { StatsCounter } from './reporting/statsCounter.ts';
import { Verifier } from './discovery/verifier.ts';
import { Placeholders } from './variants/placeholders.ts';
import { VariantStore } from './variants/variantStore.ts';
import { Variants } from './variants/variants.ts';

/**
 * Pictures that are decoded and encoded at a time: half of the cores, so that serving has the others, and at most half of
 * libuv's four threads, which also read files.
 */
const MAKERS = Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)));

/** For counting. A source that cannot say has one bucket without a name. */
function bucketOf<Ref extends ImageRef>(source: Source<Ref>, key: string): string {
  try {
    return source.locate?.(key)[0]?.bucket ?? '';
  } catch {
    return '';
  }
}

export type CacheParts<Ref extends ImageRef> = ReturnType<typeof createCacheParts<Ref>>;

/** Creates the parts of an image cache, and passes to each the other parts that it uses. Does not access the disk. */
export function createCacheParts<Ref extends ImageRef>(
  settings: ImageCacheSettings<Ref>,
  stats: StatsCounter,
  observer: ManifestObserver,
  news: Pick<OutagesOptions<Ref>, 'isHeard' | 'onRecovered'>,
) {
  const { dir, prefix, source, inspect, logger, concurrency, idleMs, now = Date.now } = settings;
  const recognize = settings.recognize ?? (() => undefined);
  const fsync = settings.durability === 'full';
  const { warn } = observer;
  const isOffline = source.isOffline === true;
  /** What is put aside stays, since there is nowhere to get it from again. */
  const keepsPutAside = isOffline;

  const store = new JournalManifest({ dir, prefix, fsync, now, observer, keepsPutAside });
  const discovery = new Discovery({ dir, store, now, logger });
  const blobs = new BlobStore({ dir, fsync, now, keepsPutAside });
  const memory = new MemoryTier(settings.memoryMaxSize);
  const imageStore = new ImageStore({ store, blobs, memory, warn });
  const committer = new Committer({ store, blobs, imageStore, cancelled: (key) => fetcher.detach(key) });
  const variantStore = new VariantStore({ dir, store, memory, now });
  const limit = pLimit(MAKERS);
  const placeholderMaker = settings.placeholder === true ? settings.maker : undefined;
  const placeholders = new Placeholders({ store, blobs, memory, maker: placeholderMaker, limit, idleMs });
  const preloader = new Preloader({ store, imageStore, memory, logger, isEnabled: settings.memoryPreload === true });
  const compressor = new Compressor({
    store,
    blobs,
    memory,
    imageStore,
    committer,
    inspect,
    maker: settings.compress === true && !isOffline ? settings.maker : undefined, // it replaces originals
    limit,
    idleMs,
    fsync,
    logger,
    compressed: (entry) => placeholders.add(entry), // a placeholder that was made of the original meanwhile is not recorded
  });
  /** Schedules the compression and the placeholder that a served or fetched image may lack. */
  const scheduleBackgroundWork = (entry: ManifestEntry) => {
    compressor.add(entry);
    placeholders.add(entry);
  };
  const parts: CachePart[] = [];
  const manifest = new SharedManifest({
    store,
    dir,
    fsync,
    now,
    logger,
    parts,
    openTimeoutMs: settings.openTimeoutMs,
  });
  const uses = new RecentUses({ store, now });
  const missing = () => missingSpace(dir, settings.minFreeSpace);
  const { maxSize, maxEntries } = settings;
  const reservations = new Reservations({
    index: () => store.index,
    limits: { bytes: maxSize, entries: maxEntries },
  });
  const keeper = (refusal: KeeperOptions['refusal']) =>
    new Keeper({
      manifest,
      missingSpace: missing,
      unclaimed: discovery.unclaimed,
      variants: variantStore,
      limits: settings,
      reservations,
      refusal,
    });
  const room: Room = isOffline
    ? keeper(offlineFull)
    : new Evictor({
        manifest,
        imageStore,
        uses,
        missingSpace: missing,
        reclaimable: [discovery.unclaimed, variantStore],
        counted: () => Promise.all([discovery.settled(), variantStore.scan()]),
        limits: settings,
        reservations,
        now,
        logger,
      });
  /** Nothing is evicted for a pack. */
  const roomForPacks = keeper(packFull);
  const missed = new MissedImages({ dir, prefix, logger });

  const maxBytesOf = (actorId: string) => Math.min(settings.maxSize, settings.quotaOf?.(actorId) ?? Infinity);
  const admit = (entry: ManifestEntry, commit: () => Promise<Commit>) => room.admit(entry, commit);
  const refused = new RefusedObjects(now);
  const receiving = { source, blobs, committer, inspect, refused, maxBytesOf, now, fsync };
  const downloader = new Downloader({ ...receiving, imageStore, recognize, admit });
  const ensureRoom = () => room.ensureFreeSpace();
  const revalidator = new Revalidator({ ...receiving, store, ensureRoom });
  const outages = new Outages<Ref>({ source, ...news });
  const fetcher: Fetcher<Ref> = new Fetcher({
    manifest,
    imageStore,
    downloader,
    revalidator,
    room,
    maxBytesOf,
    concurrency,
    maxConcurrency: settings.maxConcurrency ?? concurrency,
    slowDowns: () => source.slowDowns ?? 0,
    bucketOf: (key) => bucketOf(source, key),
    outages,
    heldUntil: (origin) => source.heldUntil?.(origin),
    stats,
    missed: (key, actorId) => missed.note(key, actorId),
  });

  const freshness = new Freshness<Ref>({
    revalidateMs: settings.revalidateMs,
    isOffline,
    ask: (ref, entry, request) => fetcher.revalidate(ref, entry, request),
    now,
    logger,
  });

  const images = new NamedImages(settings.maxImageSize ?? settings.maxSize);
  const fallback = new FallbackDirs(settings.fallbackDirs ?? []);
  const found = { dir, store, blobs, images, discovery, now };
  const adoption = new Adoption({
    ...found,
    committer,
    prefix,
    fallback,
    inspect,
    fsync,
    warn,
    ensureRoom,
    admit,
    stored: (entry) => room.enforce(entry),
  });

  const activity = new ActivityLog(now);
  const departures = new Departures({ file: new DepartureFile(new NdjsonFile(dir, DEPARTURES_FILE)), now });
  const problems = new Problems();
  const durations = new Durations();
  const recorder = new Recorder({ activity, departures, problems, durations, now });

  const history = new History({
    file: new NdjsonFile(dir, HISTORY_FILE),
    counters: () => ({
      hits_memory: stats.hits.memory,
      hits_disk: stats.hits.disk,
      misses: stats.misses,
      failed: recorder.failures,
      bytes_saved: stats.bytesSaved,
      bytes_downloaded: stats.downloadedBytes,
    }),
    durations,
    now,
  });

  const prefetching: PrefetcherOptions<Ref> = {
    source,
    manifest,
    blobs,
    imageStore,
    stats,
    adoption,
    freshness,
    refused,
    fetcher,
    scheduleBackgroundWork,
    downloaded: (image) => recorder.prefetched(image),
    failed: (request, error) => recorder.failed(request, error),
    logger,
  };
  const prefetcher = new Prefetcher<Ref>(prefetching);
  const refetcher = new Refetcher<Ref>({ manifest, fetcher, refused });
  const verifier = new Verifier({ ...found, adoption, variants: variantStore, keepsPutAside });
  const removal = new Removal({ dir, manifest, imageStore, variants: variantStore, blobs, discovery, adoption });
  const variants = new Variants({
    files: variantStore,
    room,
    maker: settings.maker,
    hasRoom: async () => (await missing()) === 0,
    limit,
    logger,
  });
  const pins = new Pins(manifest);
  const packs = new Packs<Ref>({
    dir,
    manifest,
    store,
    blobs,
    committer,
    identify: (url) => source.identify(url),
    inspect,
    admit: (entry, commit) => roomForPacks.admit(entry, commit),
    claim: (entry, actorId) => fetcher.claim(entry, actorId),
    maxBytesOf: (actorId) => Math.min(settings.maxImageSize ?? Infinity, maxBytesOf(actorId)),
    limits: settings,
    otherBytes: () => discovery.unclaimed.totalBytes,
    missingSpace: (bytes) => missingSpace(dir, settings.minFreeSpace, bytes),
    isBusy: () => fetcher.isAwaited || imageStore.isBusy,
    now,
    fsync,
  });
  // First the parts that may still write to the manifest or process an image, then those that keep the directory in order.
  parts.push(
    outages,
    missed,
    packs,
    verifier,
    fallback,
    variants,
    uses,
    imageStore,
    variantStore,
    refused,
    committer,
    adoption,
  );
  parts.push(discovery, compressor, placeholders, preloader, room, departures, history);

  return {
    /** In the order in which they are started, notified of changes, and closed. */
    parts,
    manifest,
    blobs,
    memory,
    imageStore,
    committer,
    uses,
    room,
    missed,
    downloader,
    refused,
    revalidator,
    fetcher,
    freshness,
    prefetcher,
    refetcher,
    discovery,
    fallback,
    adoption,
    verifier,
    removal,
    variantStore,
    variants,
    scheduleBackgroundWork,
    preloader,
    pins,
    packs,
    activity,
    departures,
    history,
    problems,
    recorder,
  };
}
