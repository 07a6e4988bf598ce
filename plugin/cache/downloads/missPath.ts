import type { ManifestEntry } from '../../protocol.ts';
import type { ArrivingImage } from './arrivingImage.ts';
import { DownloadQueue } from './downloadQueue.ts';
import type { Downloaded, Downloader } from './downloader.ts';
import type { Evictor } from '../limits/eviction.ts';
import type { LiveManifest } from '../liveManifest.ts';
import { actorsOf } from '../manifest/manifestEntry.ts';
import type { Urgency } from './priorityQueue.ts';
import type { Shelf } from '../shelf.ts';
import type { SourceObject } from '../source.ts';
import type { StatsCounter } from '../stats.ts';

export interface MissPathOptions<Object extends SourceObject> {
  manifest: LiveManifest;
  shelf: Shelf;
  downloader: Downloader<Object>;
  evictor: Evictor;
  concurrency: number;
  stats: StatsCounter;
}

/** Who wants a download, and how much. */
export interface FetchRequest {
  actorId: string;
  urgency: Urgency;
  /** Aborted when whoever asked has left. */
  signal: AbortSignal | undefined;
  /** Hears of a download as soon as its first bytes show an image. */
  onArriving?: ArrivingListener | undefined;
}

export type ArrivingListener = (image: ArrivingImage) => void;

/** What happens when an image is not cached: one download for all who ask, in the order of who needs it most. */
export class MissPath<Object extends SourceObject> {
  readonly #options: MissPathOptions<Object>;
  readonly #queue: DownloadQueue<Downloaded, ArrivingImage>;

  constructor(options: MissPathOptions<Object>) {
    this.#options = options;
    this.#queue = new DownloadQueue(options.concurrency);
  }

  get active(): number {
    return this.#queue.active;
  }

  get queued(): number {
    return this.#queue.queued;
  }

  async fetch(object: Object, request: FetchRequest): Promise<Downloaded> {
    const fetched = await this.#queue.run({
      key: object.key,
      urgency: request.urgency,
      signal: request.signal,
      onProgress: request.onArriving,
      task: (signal, report) => this.#download(object, request, signal, report),
    });
    return { ...fetched, entry: await this.claim(fetched.entry, request.actorId) };
  }

  /** Records that the actor uses the image, too. */
  async claim(entry: ManifestEntry, actorId: string): Promise<ManifestEntry> {
    const { store } = this.#options.manifest;
    const current = store.index.get(entry.s3_url);
    if (current === undefined || actorsOf(current).includes(actorId)) return current ?? entry;
    await store.append({ op: 'claim', key: entry.s3_url, actor: actorId });
    return store.index.get(entry.s3_url) ?? entry;
  }

  /** Resolves when every download has come to its end, or was given up. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  async #download(
    object: Object,
    { actorId, urgency }: FetchRequest,
    signal: AbortSignal,
    onArriving: ArrivingListener,
  ): Promise<Downloaded> {
    const { manifest, shelf, downloader, evictor, stats } = this.#options;
    const stored = await manifest.findNow((index) => index.get(object.key));
    const elsewhere = stored === undefined ? undefined : await shelf.read(stored);
    if (elsewhere !== undefined) return elsewhere; // another process was faster
    try {
      await evictor.ensureFreeSpace();
      const downloaded = await downloader.download(object, { actorId, signal, onArriving });
      stats.completed += 1;
      stats.downloadedBytes += downloaded.body.length;
      shelf.keep(downloaded, urgency);
      await evictor.enforce(downloaded.entry);
      return downloaded;
    } catch (error) {
      stats.failed += 1;
      throw error;
    }
  }
}
