import { lstat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { ImageCacheError } from '../../errors.ts';
import type {
  ActorsAnswer,
  AskAnswer,
  CheckAnswer,
  EntriesAnswer,
  EntriesQuery,
  EntryAnswer,
  HistoryAnswer,
  InspectedEntry,
  InspectedFile,
  LiveAnswer,
  ProblemsAnswer,
  QueueAnswer,
  StorageAnswer,
  ThumbSize,
} from '../../inspectorProtocol.ts';
import { offlineRefusal } from '../../offline.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { readCacheId } from '../files/readCacheId.ts';
import type { ImageRef } from '../injected/source.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import { readTotals } from '../manifest/manifestTotals.ts';
import { withoutQuery } from '../reporting/reportFailure.ts';
import { VariantFiles } from '../variants/variantFiles.ts';
import { BucketCheck } from './bucketCheck.ts';
import { type CheckListener, DryCheck } from './dryCheck.ts';
import { type Thumb, Thumbs } from './thumbs.ts';
import { findActors } from './actorSearch.ts';
import { EntrySearch, MAX_REACHABLE } from './entrySearch.ts';
import { PAGE, pageOfFiles, quarantinedFiles, unclaimedFiles } from './looseFiles.ts';
import { placesOf } from './places.ts';
import { queueView } from './queueView.ts';
import type { InsightOptions } from './insightOptions.ts';
import type { Recorder } from './recorder.ts';
import { storageOf } from './storage.ts';
import { storyOf } from './story.ts';

/** Objects that the bucket is asked about at a time. */
const QUESTIONS = 4;
/** How long the first look at the page waits for a large manifest. */
const PATIENCE_MS = 100;

/**
 * What the cache knows of itself, and why: the inspector, the doctor, the command line and the measures show it. Looking changes
 * nothing: no count, no time of a last use, no order of eviction, nothing on disk; and where there is no cache yet, none is created.
 */
export class Insight<Ref extends ImageRef = ImageRef> {
  /** Told of the requests for images. */
  readonly recorder: Recorder;
  readonly #options: InsightOptions<Ref>;
  readonly #startedAt: number;
  readonly #search: EntrySearch;
  readonly #variantFiles: VariantFiles;
  readonly #bucket: BucketCheck<Ref>;
  readonly #check: DryCheck;
  readonly #thumbs: Thumbs;
  #cacheId: string | undefined;

  constructor(options: InsightOptions<Ref>) {
    const { manifest, freshness, revision, now, recorder, dir } = options;
    this.recorder = recorder;
    this.#options = options;
    this.#startedAt = now();
    const isBusy = () => options.fetcher.isAwaited;
    this.#bucket = new BucketCheck({ source: options.source, limit: pLimit(QUESTIONS), isBusy });
    this.#check = new DryCheck({ ...options, isBusy });
    this.#thumbs = new Thumbs({ ...options, limit: pLimit(1), isBusy });
    this.#variantFiles = new VariantFiles(dir);
    this.#search = new EntrySearch({
      index: () => manifest.store.index,
      revision,
      isStale: (entry) => freshness.isStale(entry),
    });
  }

  /** `GET /live`, without what only the server around the cache knows. A call means that a page is watching. */
  async live(since: number | undefined): Promise<Omit<LiveAnswer, 'version' | 'uploads' | 'simulation'>> {
    const { activity, instance, revision, problems, now } = this.#options;
    const opening = await this.#openSoon();
    const polled = activity.poll(since);
    return {
      instance,
      started_at: this.#startedAt,
      now: now(),
      revision: revision(),
      seq: activity.seq,
      stats: await this.#stats(),
      ...(opening !== undefined && { opening }),
      ...polled,
      problems: problems.count,
    };
  }

  /** `GET /entries` */
  async entries({ page = 0, revision, ...search }: EntriesQuery): Promise<EntriesAnswer> {
    const index = await this.index();
    const { kind } = search;
    if (kind === 'unclaimed' || kind === 'quarantined')
      return this.#files({ kind, text: search.text }, page, index.size);
    const found = await this.#search.find(search, revision);
    return {
      revision: found.revision,
      total: index.size,
      matched: found.matched,
      matched_bytes: found.matchedBytes,
      reachable: Math.min(found.matched, MAX_REACHABLE),
      page,
      entries: found.entries.slice(page * PAGE, (page + 1) * PAGE).map((entry) => this.#inspected(entry)),
    };
  }

  /** `GET /entry` @param url any URL of the object, also one of no configured bucket */
  async entry(url: string): Promise<EntryAnswer> {
    const { dir, memory, discovery, activity, departures, fetcher, problems } = this.#options;
    const index = await this.index();
    await departures.loaded();
    const key = this.#keyOf(url);
    const entry = index.get(key) ?? index.get(url);
    const departure = departures.explain(key);
    const answers = activity.of(key);
    const last = answers.at(-1);
    const failure = last && last.at >= (entry?.cached_at ?? 0) ? problems.behind(last) : undefined;
    const { files } =
      entry === undefined ? { files: [] } : await this.#variantFiles.list(entry.sha256).catch(() => ({ files: [] }));
    const variants = files.filter(({ extension }) => extension !== 'original');
    const queue = fetcher.look(PAGE);
    const queued = [...queue.running, ...queue.waiting].find(({ s3Url }) => s3Url === key);
    return {
      s3_url: key,
      entry: entry === undefined ? null : { ...this.#inspected(entry), ...ofItsUsers(entry) },
      ...(entry === undefined && departure),
      ...(failure && { failure }),
      places: await placesOf({ dir, key, entry, memory, discovery, variants, bucket: this.#bucket.placeOf(key) }),
      story: storyOf({ entry, activity: answers, departure, queuedAt: queued?.queuedAt }),
      variants: variants.map(({ spec, size }) => ({ spec, size_bytes: size })),
    };
  }

  /** The canonical URL of the image with this `local_path`. */
  async urlOfPath(path: string): Promise<string | undefined> {
    return (await this.index()).getByPath(path)?.s3_url;
  }

  /** Why an image is not there, as far as this process or an earlier one knows: `evicted 3 min ago: maxSize`. */
  async whyMissing(key: string): Promise<string> {
    await this.#options.departures.loaded();
    return this.recorder.explain(key).words;
  }

  /** `GET /actors` */
  async actors(text: string): Promise<ActorsAnswer> {
    return findActors(await this.index(), text);
  }

  /** `GET /queue` */
  queue(): QueueAnswer {
    return queueView(this.#options.fetcher, this.#options.now());
  }

  /** `GET /problems` */
  problems(): ProblemsAnswer {
    return { problems: this.#options.problems.list() };
  }

  /** `GET /history` */
  history(span: HistoryAnswer['span']): Promise<HistoryAnswer> {
    return this.#options.history.answer(span);
  }

  /** `GET /storage` */
  async storage(): Promise<StorageAnswer> {
    return storageOf({ ...this.#options, index: await this.index() });
  }

  /**
   * `GET /thumb`
   * @throws ImageCacheError NOT_CACHED if there is no such image, or no small picture of it
   */
  async thumb(path: string, size: ThumbSize, signal: AbortSignal): Promise<Thumb> {
    const entry = (await this.index()).getByPath(path);
    const thumb = entry === undefined ? undefined : await this.#thumbs.get(entry, size, signal);
    if (thumb !== undefined) return thumb;
    throw new ImageCacheError('NOT_CACHED', 'There is no small picture of this image.', {
      hint: 'Show the `placeholder` of its entry.',
    });
  }

  /** The bytes of a cached image, read without a trace; `undefined` if they are gone, damaged, or very large. */
  original(entry: ManifestEntry): Promise<Buffer | undefined> {
    return this.#thumbs.read(entry);
  }

  /** How long a miss takes here: the median of 30 days in milliseconds; `undefined` if there were none. */
  missMs(): Promise<number | undefined> {
    return this.#options.history.missMs();
  }

  /** `GET /check` @throws ImageCacheError ABORTED when all callers have left */
  async check(signal: AbortSignal, onProgress: CheckListener): Promise<CheckAnswer> {
    return this.#check.check(await this.index(), signal, onProgress);
  }

  /** `POST /ask` @throws ImageCacheError ABORTED when the caller has left, OFFLINE with the option `offline` */
  async ask(urls: readonly string[], signal: AbortSignal): Promise<AskAnswer> {
    if (this.#options.source.isOffline === true) throw offlineRefusal('The bucket is not asked');
    const index = await this.index();
    return this.#bucket.ask(urls, (key) => index.get(key), signal);
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#options.activity.close();
    await Promise.all([this.#check.close(), this.#thumbs.close()]);
  }

  /** The manifest as all processes know it; an empty one if there is no cache directory. */
  async index(): Promise<ManifestIndex> {
    const { manifest, dir } = this.#options;
    if (!manifest.isOpen && !(await isThere(dir))) return manifest.store.index;
    return manifest.refreshed();
  }

  async #files(
    { kind, text = '' }: { kind: 'unclaimed' | 'quarantined'; text: string | undefined },
    page: number,
    total: number,
  ): Promise<EntriesAnswer> {
    const { dir, prefix, discovery, revision } = this.#options;
    const all: Iterable<InspectedFile> =
      kind === 'unclaimed' ? unclaimedFiles(discovery, prefix) : await quarantinedFiles(dir, prefix);
    return { ...(await pageOfFiles(all, text, page)), revision: revision(), total };
  }

  /** The key of the object; for a URL of no configured bucket, what may be shown of it. */
  #keyOf(url: string): string {
    try {
      return this.#options.source.identify(url).key;
    } catch {
      return withoutQuery(url);
    }
  }

  #inspected(entry: ManifestEntry): InspectedEntry {
    const { memory, freshness } = this.#options;
    const { actor_ids, meta: _, ...rest } = entry;
    return {
      ...rest,
      in_memory: memory.has(entry.sha256),
      is_stale: freshness.isStale(entry),
      other_actors: Math.max(0, (actor_ids?.length ?? 1) - 1),
    };
  }

  /** Returns what is known while a large manifest is still being read; `undefined` when it has been. */
  async #openSoon(): Promise<LiveAnswer['opening']> {
    const { manifest, dir } = this.#options;
    const patience = delay(PATIENCE_MS, manifest.isOpen, { ref: false });
    const opened = this.index().then(
      () => true,
      (error: unknown) => {
        if (ImageCacheError.from(error).code === 'CACHE_DIR_TIMEOUT') return false; // it is still being read
        throw error;
      },
    );
    const isOpen = await Promise.race([opened, patience]);
    return isOpen ? undefined : { images: (await readTotals(dir))?.images ?? 0 };
  }

  async #stats(): Promise<LiveAnswer['stats']> {
    const { manifest, memory, fetcher, discovery, variants, stats, dir, source, missed } = this.#options;
    if (manifest.isOpen) this.#cacheId ??= await readCacheId(dir).catch(() => '');
    const { count, totalBytes } = discovery.unclaimed;
    return {
      cache_id: this.#cacheId ?? '',
      ...stats.count(manifest.store.index, memory, fetcher),
      unclaimed: { files: count, size_bytes: totalBytes },
      variants: variants.stats(),
      ...(source.isOffline === true && { offline: { missed: missed.count } }),
    };
  }
}

async function isThere(dir: string): Promise<boolean> {
  return (await lstat(dir).catch(() => undefined)) !== undefined;
}

function ofItsUsers({ actor_ids, meta }: ManifestEntry): Pick<ManifestEntry, 'actor_ids' | 'meta'> {
  return { ...(actor_ids !== undefined && { actor_ids }), ...(meta !== undefined && { meta }) };
}
