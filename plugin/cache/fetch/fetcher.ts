import { channel } from 'node:diagnostics_channel';
import type { ImageDownload } from '../../channels.ts';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry, Urgency } from '../../protocol.ts';
import type { ArrivingImage } from './arrivingImage.ts';
import { AdaptiveLimit } from './adaptiveLimit.ts';
import { TaskQueue, type QueueRequest, type TaskContext, type TaskCounts } from '../queue/taskQueue.ts';
import { Arrival } from './arrival.ts';
import { type FetchLook, fetchLook } from './fetchLook.ts';
import { isAbout, ownAttemptOf, refetchOf, revalidationOf } from './queueKeys.ts';
import type { Downloaded, Downloader } from './downloader.ts';
import type { Room } from '../limits/room.ts';
import { type RevalidationRequest, validatedAt } from './freshness.ts';
import type { Revalidator } from './revalidator.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import { canClaim } from '../manifest/manifestEntry.ts';
import type { Outages } from './outages.ts';
import { RefusedUrls } from './refusedUrls.ts';
import { ServingRate } from './servingRate.ts';
import type { ImageStore } from '../store/imageStore.ts';
import type { ImageRef } from '../injected/source.ts';
import type { StatsCounter } from '../reporting/statsCounter.ts';
import type { Mark, Timeline } from '../../timeline.ts';

export interface FetcherOptions<Ref extends ImageRef> {
  manifest: SharedManifest;
  imageStore: ImageStore;
  downloader: Downloader<Ref>;
  revalidator: Revalidator<Ref>;
  room: Room;
  /** Initial number of background downloads, and the number of downloads for images on screen. */
  concurrency: number;
  /** Upper bound for background downloads; their number grows while that makes them faster. */
  maxConcurrency: number;
  /** Maximum size of an image of this actor, in bytes. */
  maxBytesOf: (actorId: string) => number;
  /** How often the origin has asked to slow down so far. */
  slowDowns: () => number;
  /** The name of the bucket that has the object of a key, as in the options. */
  bucketOf: (key: string) => string;
  outages: Outages<Ref>;
  /** Until when this origin wants no request; `undefined` for most. */
  heldUntil: (origin: string) => number | undefined;
  stats: StatsCounter;
  /** Told of each image that is not cached and cannot be asked for. */
  missed: (key: string, actorId: string) => void;
}

/** A request for a download, with its caller and its urgency. */
export interface FetchRequest {
  actorId: string;
  urgency: Urgency;
  /** Identifies the caller, of one image or of many; aborted when it has left. Callers take turns. */
  signal: AbortSignal | undefined;
  /** Called with a download as soon as its first bytes show an image. */
  onArriving?: ArrivingListener | undefined;
  timeline?: Timeline | undefined;
}

type FollowedTask = (context: TaskContext<ArrivingImage>, arrival: Arrival) => Promise<Downloaded | undefined>;

export type ArrivingListener = (image: ArrivingImage) => void;

const downloads = channel('vite-plugin-image-cache:download');

/** Attempts that share a download with requests by other URLs, before an attempt by the request's own URL. */
const SHARED_ATTEMPTS = 2;

/** A request that misses an image looks at the manifest. A download that begins this soon afterwards does not look again. */
const JUST_LOOKED_MS = 100;

/** Requests images from S3: once for all requests for an image, and the most urgent ones first. */
export class Fetcher<Ref extends ImageRef> {
  readonly #options: FetcherOptions<Ref>;
  readonly #limit: AdaptiveLimit;
  #slowDowns = 0;
  readonly #queue: TaskQueue<Downloaded | undefined, ArrivingImage>;
  readonly #refused = new RefusedUrls();
  /** Of the running downloads, by their key in the queue. */
  readonly #arrivals = new Map<string, Arrival>();

  constructor(options: FetcherOptions<Ref>) {
    this.#options = options;
    this.#limit = new AdaptiveLimit({ start: options.concurrency, max: options.maxConcurrency });
    const rate = new ServingRate(() => options.stats.hits.memory + options.stats.hits.disk);
    this.#queue = new TaskQueue({
      // 16 by default. Unlike background downloads, their number does not grow while that is faster: all of them share the
      // line to S3, so with more of them the first image, which is the nearest, would come later. A browser has six
      // connections to a server of HTTP/1.1.
      visible: options.concurrency,
      background: () => this.#limit.value,
      maxBackground: options.maxConcurrency,
      isBusy: () => rate.isBusy,
    });
  }

  /** The last changes of {@link Fetcher.limit}, the newest first. */
  get limitChanges(): AdaptiveLimit['changes'] {
    return this.#limit.changes;
  }

  get concurrency(): number {
    return this.#options.concurrency;
  }

  get maxConcurrency(): number {
    return this.#options.maxConcurrency;
  }

  /** The downloads and revalidations, at most this many of each state. Changes nothing. */
  look(most: number): FetchLook {
    return fetchLook(this.#queue.look(most), this.#arrivals, this.#options.heldUntil);
  }

  get active(): number {
    return this.#queue.active;
  }

  get queued(): number {
    return this.#queue.queued;
  }

  /** Number of background downloads that may run at a time. */
  get limit(): number {
    return this.#limit.value;
  }

  count(): TaskCounts {
    return this.#queue.count();
  }

  /** True while a page waits for an image. */
  get isAwaited(): boolean {
    return this.#queue.isForegroundBusy;
  }

  async fetch(ref: Ref, request: FetchRequest): Promise<Downloaded> {
    const fetched = await this.#run(ref, this.#options.maxBytesOf(request.actorId), {
      key: ref.key,
      urgency: request.urgency,
      signal: request.signal,
      onProgress: request.onArriving,
      timeline: request.timeline,
      task: (context, arrival) => this.#download(ref, request, context, arrival),
    }).catch((error: unknown) => {
      if (ImageCacheError.from(error).code === 'OFFLINE_MISS') this.#options.missed(ref.key, request.actorId);
      throw error;
    });
    if (fetched === undefined) throw new ImageCacheError('INTERNAL', 'The download ended without an image.');
    if (!fetched.isStored) return fetched;
    const entry = await this.claim(fetched.entry, request.actorId);
    return entry.sha256 === fetched.entry.sha256 ? { ...fetched, entry } : fetched; // replaced meanwhile: the entry is about other bytes
  }

  /**
   * Asks S3 whether a cached image has changed. Returns the image that replaced it, if so. Revalidations wait in the queue
   * like downloads, under keys of their own, because a request that misses the image meanwhile needs its bytes in any case.
   */
  revalidate(ref: Ref, entry: ManifestEntry, request: RevalidationRequest): Promise<Downloaded | undefined> {
    const { urgency, signal, timeline, isForced = false } = request;
    const seen = validatedAt(entry);
    return this.#run(ref, this.#options.maxBytesOf(entry.actor_id), {
      key: isForced ? refetchOf(ref.key) : revalidationOf(ref.key),
      urgency,
      signal,
      timeline,
      task: (context, arrival) => this.#revalidate(ref, { seen, urgency, isForced }, context, arrival),
    });
  }

  /**
   * Keeps a queued or running download of the image from being aborted when all of its requesters leave, until the returned
   * function is called. It is for a caller that is about to request the image.
   */
  hold(ref: Ref): () => void {
    return this.#queue.hold(ref.key);
  }

  /** Keeps later requests from joining the running download: the image was invalidated or cleared meanwhile (R2). */
  detach(key: string): void {
    this.#queue.detach((each) => isAbout(each, key));
  }

  /** Records that the actor uses the image, unless the image has the maximum number of actors. */
  async claim(entry: ManifestEntry, actorId: string): Promise<ManifestEntry> {
    const { store } = this.#options.manifest;
    const current = store.index.get(entry.s3_url);
    if (current === undefined || !canClaim(current, actorId, store.index.pinnedActors)) return current ?? entry;
    await store.append({ op: 'claim', key: entry.s3_url, actor: actorId });
    return store.index.get(entry.s3_url) ?? entry;
  }

  /** Resolves when every download has finished or was aborted. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /**
   * Runs the request. If it joins a download by another URL and that URL fails, the request is not refused, but tries again.
   * The first two attempts are shared with other requests, because a URL that works for one of them works for all. The
   * last one uses its own URL only.
   */
  async #run(
    ref: Ref,
    maxBytes: number,
    request: Omit<QueueRequest<Downloaded | undefined, ArrivingImage>, 'task'> & { task: FollowedTask },
  ): Promise<Downloaded | undefined> {
    const { url, origin } = ref;
    const requester = { url, origin, maxBytes };
    const { measures } = this.#options.stats;
    let asked = 0;
    const task: FollowedTask = async (context, arrival) => {
      measures.queueTimes.observe(request.urgency, performance.now() - asked);
      try {
        return await request.task(context, arrival);
      } catch (error) {
        this.#refused.note(error, requester);
        throw error;
      }
    };
    for (let shared = SHARED_ATTEMPTS; ; shared -= 1) {
      const key = shared > 0 ? request.key : ownAttemptOf(request.key, maxBytes, url);
      asked = performance.now();
      try {
        return await this.#queue.run({ ...request, key, origin, task: this.#followed(key, task) });
      } catch (error) {
        if (shared <= 0 || !this.#refused.isOfAnother(error, requester)) throw error;
      }
    }
  }

  /** Lets the task say how far it is. */
  #followed(key: string, task: FollowedTask): QueueRequest<Downloaded | undefined, ArrivingImage>['task'] {
    return async (context) => {
      const arrival = new Arrival();
      this.#arrivals.set(key, arrival);
      const mark: Mark = (step) => {
        if (step === 'retry') arrival.attempt += 1;
        context.mark(step);
      };
      try {
        return await task({ ...context, mark }, arrival);
      } finally {
        if (this.#arrivals.get(key) === arrival) this.#arrivals.delete(key); // otherwise it was detached, and runs anew
      }
    };
  }

  async #download(
    ref: Ref,
    { actorId, urgency }: FetchRequest,
    { signal, report, mark, freeSlot, yieldToForeground }: TaskContext<ArrivingImage>,
    arrival: Arrival,
  ): Promise<Downloaded> {
    const { manifest, imageStore, downloader, room, stats, outages, bucketOf } = this.#options;
    const stored = await manifest.get({ key: ref.key }, { absentAtMostOldMs: JUST_LOOKED_MS });
    const elsewhere = stored === undefined ? undefined : await imageStore.read(stored);
    if (elsewhere !== undefined) {
      const { entry, body } = elsewhere; // another process was faster
      return { entry, size: body.length, body: () => body, isStored: true };
    }
    const ended = (outcome: Omit<ImageDownload, 's3_url' | 'urgency' | 'duration_ms' | 'attempts'>) => {
      if (!downloads.hasSubscribers) return;
      const about = { s3_url: ref.key, urgency, duration_ms: performance.now() - began, attempts: arrival.attempt };
      const message = { ...about, ...outcome } satisfies ImageDownload;
      setImmediate(() => downloads.publish(message)); // a subscriber that takes long does not delay the image
    };
    const began = performance.now();
    try {
      await room.ensureFreeSpace();
      mark('find');
      const downloaded = await downloader.download(ref, {
        actorId,
        signal,
        onArriving: report,
        onReceived: freeSlot,
        mark,
        arrival,
        yieldToForeground,
      });
      outages.succeeded(ref);
      stats.completed += 1;
      stats.downloadedBytes += downloaded.size;
      stats.measures.downloaded(bucketOf(ref.key), downloaded.size, performance.now() - began);
      if (urgency !== 'visible' && downloaded.isStored) stats.prefetched.add(ref.key, downloaded.size);
      this.#measure(downloaded.size);
      imageStore.keep(downloaded, urgency);
      await room.enforce(downloaded.entry);
      mark('store');
      ended({ result: downloaded.isStored ? 'stored' : 'dropped', size_bytes: downloaded.size });
      return downloaded;
    } catch (error) {
      const { code } = ImageCacheError.from(error);
      ended({ result: 'failed', code });
      if (code !== 'ABORTED') stats.failed += 1; // nobody waited for it any more
      outages.failed(ref, error);
      stats.measures.downloadFailed(bucketOf(ref.key), error);
      this.#noteRefusal(error);
      throw error;
    }
  }

  /** @param asked `seen` is the time of the last validation, when the caller found it too long ago */
  async #revalidate(
    ref: Ref,
    { seen, urgency, isForced }: { seen: number; urgency: Urgency; isForced: boolean },
    { signal, mark, yieldToForeground }: TaskContext<ArrivingImage>,
    arrival: Arrival,
  ): Promise<Downloaded | undefined> {
    const { manifest, imageStore, revalidator, room, stats, bucketOf } = this.#options;
    const known = await manifest.get({ key: ref.key }, { atMostOldMs: 0 });
    if (known === undefined || validatedAt(known) !== seen) return undefined; // cleared, or another process was faster
    try {
      const changed = await revalidator.revalidate(ref, known, { signal, mark, arrival, isForced, yieldToForeground });
      stats.revalidations[changed === undefined ? 'unchanged' : 'changed'] += 1;
      if (changed === undefined) return undefined;
      stats.downloadedBytes += changed.size;
      stats.measures.downloadedBytes.add({ bucket: bucketOf(ref.key) }, changed.size);
      this.#measure(changed.size);
      imageStore.keep(changed, urgency);
      await room.enforce(changed.entry);
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
