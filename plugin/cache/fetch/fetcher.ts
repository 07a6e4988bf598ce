import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry, Urgency } from '../../protocol.ts';
import type { ArrivingImage } from './arrivingImage.ts';
import { AdaptiveLimit } from './adaptiveLimit.ts';
import { TaskQueue, type QueueRequest, type TaskContext } from '../queue/taskQueue.ts';
import type { Downloaded, Downloader } from './downloader.ts';
import type { Evictor } from '../limits/evictor.ts';
import { type RevalidationRequest, validatedAt } from './freshness.ts';
import type { Revalidator } from './revalidator.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import { canClaim } from '../manifest/manifestEntry.ts';
import { RefusedUrls } from './refusedUrls.ts';
import { ServingRate } from './servingRate.ts';
import type { ImageStore } from '../store/imageStore.ts';
import type { ImageRef } from '../injected/source.ts';
import type { StatsCounter } from '../reporting/statsCounter.ts';
import type { Timeline } from '../../timeline.ts';

export interface FetcherOptions<Ref extends ImageRef> {
  manifest: SharedManifest;
  imageStore: ImageStore;
  downloader: Downloader<Ref>;
  revalidator: Revalidator<Ref>;
  evictor: Evictor;
  /** At first, and for images on screen. */
  concurrency: number;
  /** Up to which background downloads become more while that makes them faster. */
  maxConcurrency: number;
  /** The bytes that an image of this actor may have. */
  maxBytesOf: (actorId: string) => number;
  /** How often the origin has asked to slow down so far. */
  slowDowns: () => number;
  stats: StatsCounter;
}

/** Who wants a download, and how much. */
export interface FetchRequest {
  actorId: string;
  urgency: Urgency;
  /** The caller, of one image or of many: aborted when it has left. Callers take turns. */
  signal: AbortSignal | undefined;
  /** Hears of a download as soon as its first bytes show an image. */
  onArriving?: ArrivingListener | undefined;
  timeline?: Timeline | undefined;
}

export type ArrivingListener = (image: ArrivingImage) => void;

/** Attempts by whichever URL came last, before one by the own URL. */
const SHARED_ATTEMPTS = 2;

/** What happens when S3 has to be asked: once for all who ask for an image, in the order of who needs it most. */
export class Fetcher<Ref extends ImageRef> {
  readonly #options: FetcherOptions<Ref>;
  readonly #limit: AdaptiveLimit;
  #slowDowns = 0;
  readonly #queue: TaskQueue<Downloaded | undefined, ArrivingImage>;
  readonly #refused = new RefusedUrls();

  constructor(options: FetcherOptions<Ref>) {
    this.#options = options;
    this.#limit = new AdaptiveLimit({ start: options.concurrency, max: options.maxConcurrency });
    const rate = new ServingRate(() => options.stats.hits.memory + options.stats.hits.disk);
    this.#queue = new TaskQueue({
      // 16 by default, and not more while that helps as in the background: all of them share the line to S3, so the more there are
      // at a time, the later comes the first, which is the nearest. A browser has six to a server of HTTP/1.1.
      visible: options.concurrency,
      background: () => this.#limit.value,
      maxBackground: options.maxConcurrency,
      isBusy: () => rate.isBusy,
    });
  }

  get active(): number {
    return this.#queue.active;
  }

  get queued(): number {
    return this.#queue.queued;
  }

  async fetch(object: Ref, request: FetchRequest): Promise<Downloaded> {
    const fetched = await this.#run(object, this.#options.maxBytesOf(request.actorId), {
      key: object.key,
      urgency: request.urgency,
      signal: request.signal,
      onProgress: request.onArriving,
      timeline: request.timeline,
      task: (context) => this.#download(object, request, context),
    });
    if (fetched === undefined) throw new ImageCacheError('INTERNAL', 'The download ended without an image.');
    if (!fetched.isStored) return fetched;
    const entry = await this.claim(fetched.entry, request.actorId);
    return entry.sha256 === fetched.entry.sha256 ? { ...fetched, entry } : fetched; // replaced meanwhile: these are other bytes
  }

  /**
   * The image that has taken the place of a cached one, if the object has changed. The question waits for its turn among the
   * downloads; it is not one of them, since whoever misses the image meanwhile wants its bytes in any case.
   */
  revalidate(object: Ref, entry: ManifestEntry, request: RevalidationRequest): Promise<Downloaded | undefined> {
    const { urgency, signal, timeline } = request;
    const seen = validatedAt(entry);
    return this.#run(object, this.#options.maxBytesOf(entry.actor_id), {
      key: revalidationOf(object.key),
      urgency,
      signal,
      timeline,
      task: (context) => this.#revalidate(object, seen, urgency, context),
    });
  }

  /**
   * Keeps what is being downloaded for the object, if anything is, from being given up although all who asked for it have left,
   * until the returned function is called: somebody else is about to ask for it.
   */
  hold(object: Ref): () => void {
    return this.#queue.hold(object.key);
  }

  /** Who asks for the image from now on does not join what is running: it was invalidated or cleared meanwhile (R2). */
  detach(key: string): void {
    this.#queue.detach((each) => each === key || each === revalidationOf(key) || each.startsWith(`${key} by `));
  }

  /** Records that the actor uses the image, too, unless as many are recorded as there may be. */
  async claim(entry: ManifestEntry, actorId: string): Promise<ManifestEntry> {
    const { store } = this.#options.manifest;
    const current = store.index.get(entry.s3_url);
    if (current === undefined || !canClaim(current, actorId, store.index.pinnedActors)) return current ?? entry;
    await store.append({ op: 'claim', key: entry.s3_url, actor: actorId });
    return store.index.get(entry.s3_url) ?? entry;
  }

  /** Resolves when every download has come to its end, or was given up. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /**
   * Whoever joins what another URL has begun is not refused for what is wrong with that one, but asks again: twice together with all
   * others, since what is good for one of them is good for all, and then by their own URL, whatever the others come with.
   */
  async #run(
    object: Ref,
    maxBytes: number,
    request: QueueRequest<Downloaded | undefined, ArrivingImage>,
  ): Promise<Downloaded | undefined> {
    const { url, origin } = object;
    const asker = { url, origin, maxBytes };
    const task: typeof request.task = async (context) => {
      try {
        return await request.task(context);
      } catch (error) {
        this.#refused.note(error, asker);
        throw error;
      }
    };
    for (let shared = SHARED_ATTEMPTS; ; shared -= 1) {
      const key = shared > 0 ? request.key : `${request.key} by ${maxBytes} ${url}`;
      try {
        return await this.#queue.run({ ...request, key, origin, task });
      } catch (error) {
        if (shared <= 0 || !this.#refused.isOfAnother(error, asker)) throw error;
      }
    }
  }

  async #download(
    object: Ref,
    { actorId, urgency }: FetchRequest,
    { signal, report, mark, freeSlot, yieldToForeground }: TaskContext<ArrivingImage>,
  ): Promise<Downloaded> {
    const { manifest, imageStore, downloader, evictor, stats } = this.#options;
    const stored = await manifest.get({ key: object.key });
    const elsewhere = stored === undefined ? undefined : await imageStore.read(stored);
    if (elsewhere !== undefined) {
      const { entry, body } = elsewhere; // another process was faster
      return { entry, size: body.length, body: () => body, isStored: true };
    }
    try {
      await evictor.ensureFreeSpace();
      mark('find');
      const downloaded = await downloader.download(object, {
        actorId,
        signal,
        onArriving: report,
        onReceived: freeSlot,
        mark,
        yieldToForeground,
      });
      stats.completed += 1;
      stats.downloadedBytes += downloaded.size;
      if (urgency !== 'visible' && downloaded.isStored) stats.prefetched.add(object.key, downloaded.size);
      this.#measure(downloaded.size);
      imageStore.keep(downloaded, urgency);
      await evictor.enforce(downloaded.entry);
      mark('store');
      return downloaded;
    } catch (error) {
      stats.failed += 1;
      this.#noteRefusal(error);
      throw error;
    }
  }

  /** @param seen when the entry had been validated last, when somebody found that too long ago */
  async #revalidate(
    object: Ref,
    seen: number,
    urgency: Urgency,
    { signal, mark, yieldToForeground }: TaskContext<ArrivingImage>,
  ): Promise<Downloaded | undefined> {
    const { manifest, imageStore, revalidator, evictor, stats } = this.#options;
    const known = await manifest.get({ key: object.key }, { atMostOldMs: 0 });
    if (known === undefined || validatedAt(known) !== seen) return undefined; // cleared, or another process was faster
    try {
      const changed = await revalidator.revalidate(object, known, { signal, mark, yieldToForeground });
      stats.revalidations[changed === undefined ? 'unchanged' : 'changed'] += 1;
      if (changed === undefined) return undefined;
      stats.downloadedBytes += changed.size;
      this.#measure(changed.size);
      imageStore.keep(changed, urgency);
      await evictor.enforce(changed.entry);
      mark('store');
      return changed;
    } catch (error) {
      stats.revalidations.failed += 1;
      this.#noteRefusal(error);
      throw error;
    }
  }

  #noteRefusal(error: unknown): void {
    const { code } = ImageCacheError.from(error);
    if (code === 'UPSTREAM_THROTTLED' || code === 'OVERLOADED') this.#limit.refused();
  }

  #measure(bytes: number): void {
    const slowDowns = this.#options.slowDowns();
    if (slowDowns > this.#slowDowns) this.#limit.refused();
    else if (this.#queue.queued === 0) this.#limit.starved();
    else this.#limit.completed(bytes);
    this.#slowDowns = slowDowns;
  }
}

/** The key of the question whether the image has changed. */
function revalidationOf(key: string): string {
  return `revalidate ${key}`;
}
