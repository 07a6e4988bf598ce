import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { fileError } from '../files/fileError.ts';
import type { Arrival } from './arrival.ts';
import { ArrivingBody } from './arrivingBody.ts';
import type { ArrivingImage } from './arrivingImage.ts';
import { ImageSink } from './imageSink.ts';
import type { Inspector, Recognizer } from '../injected/inspector.ts';
import type { Commit, Committer, PendingWrite } from '../store/commit.ts';
import type { ImageStore } from '../store/imageStore.ts';
import { newEntry } from '../store/newEntry.ts';
import { Scratch } from './scratch.ts';
import type { RefusedObjects } from './refusedObjects.ts';
import type { Source, ImageRef } from '../injected/source.ts';
import type { Mark } from '../../timeline.ts';

/** An image that is not recognized within this many bytes is not recognized later. */
const BEGINNING_BYTES = 4096;

export interface DownloaderOptions<Ref extends ImageRef> {
  source: Source<Ref>;
  blobs: BlobStore;
  committer: Committer;
  imageStore: ImageStore;
  inspect: Inspector;
  recognize: Recognizer;
  refused: RefusedObjects;
  /** Makes room for an image, and then stores it. */
  admit: (entry: ManifestEntry, store: () => Promise<Commit>) => Promise<Commit>;
  /** Maximum size of an image of this actor, in bytes. */
  maxBytesOf: (actorId: string) => number;
  now: () => number;
  fsync: boolean;
}

export interface DownloadRequest {
  actorId: string;
  signal: AbortSignal;
  /** Called as soon as the first bytes show an image that may be sent on while it arrives. */
  onArriving: (image: ArrivingImage) => void;
  /** Called when the origin is no longer needed: the remaining work is local. */
  onReceived: () => void;
  mark: Mark;
  /** Is kept up to date while the bytes arrive. */
  arrival: Arrival;
  /** Awaited before every chunk: resolves when no more urgent download is running. */
  yieldToForeground: () => Promise<void> | undefined;
}

/** An image that came from the origin, with the entry of these very bytes. */
export interface Downloaded {
  entry: ManifestEntry;
  /** Size in bytes. */
  size: number;
  /** Returns the bytes in one piece of memory. */
  body: () => Buffer;
  /** False if the image was invalidated or cleared during the download: its requesters get it, but it is not cached. */
  isStored: boolean;
}

/** The miss path: origin → temporary file → proof that the image is complete → final name → manifest. */
export class Downloader<Ref extends ImageRef> {
  readonly #options: DownloaderOptions<Ref>;
  readonly #scratch = new Scratch();

  constructor(options: DownloaderOptions<Ref>) {
    this.#options = options;
  }

  async download(ref: Ref, request: DownloadRequest): Promise<Downloaded> {
    const { source, blobs, committer, inspect, refused, maxBytesOf } = this.#options;
    const { actorId, signal, onReceived, mark, arrival, yieldToForeground } = request;
    const maxBytes = maxBytesOf(actorId);
    const refusedEtag = refused.etagOf(ref.key, maxBytes);
    const write = committer.begin(ref.key, actorId);
    const arriving = new ArrivingBody();
    const sink = new ImageSink({
      createWriter: () => blobs.createWriter(),
      inspect,
      scratch: this.#scratch,
      maxBytes,
      yieldToForeground,
      arrival,
      onChunk: this.#announcer(arriving, request),
      onReset: () => arriving.restart(),
    });
    try {
      // Before the bytes are requested: by its age, a file that is left over is known to be older than a removal (see
      // `Tombstones`). The first chunk reports the error.
      await sink.open().catch(() => undefined);
      const { etag, notModified } = await source.download(ref, sink, signal, refusedEtag, mark);
      if (notModified === true) throw refused.refusalOf(ref.key, maxBytes);
      refused.forget(ref.key);
      arriving.complete(sink.image);
      onReceived();
      await yieldToForeground();
      return await this.#store(sink, etag, ref, write);
    } catch (error) {
      refused.note(ref.key, error, sink);
      throw fileError(error);
    } finally {
      arriving.fail();
      committer.end(write);
      await sink.discard();
    }
  }

  /** Passes on arriving bytes, and reports the image as soon as its first bytes show one. */
  #announcer(arriving: ArrivingBody, { onArriving }: DownloadRequest): (chunk: Uint8Array, size: number) => void {
    const { recognize } = this.#options;
    let isAnnounced = false;
    return (chunk, size) => {
      arriving.push(chunk);
      if (isAnnounced || size - chunk.length >= BEGINNING_BYTES) return;
      const contentType = recognize(arriving.bytes());
      isAnnounced = contentType !== undefined;
      if (contentType !== undefined) onArriving({ contentType, body: arriving });
    };
  }

  async #store(sink: ImageSink, etag: string, ref: Ref, write: PendingWrite): Promise<Downloaded> {
    const { committer, imageStore, admit, now, fsync } = this.#options;
    const { image } = sink;
    const { size, body } = image;
    const blob = await sink.finish(fsync);
    const { key, filename } = ref;
    const entry = newEntry({ key, filename, actorId: write.actorId, etag, blob, image, at: now() });
    const own = { entry, size, body, isStored: false };
    if (write.isCancelled) return own;
    const commit = await admit(entry, () => committer.put(write, entry, blob));
    if (commit.status === 'cancelled') return own;
    if (commit.entry.sha256 === entry.sha256) return { entry: commit.entry, size, body, isStored: true };
    const stored = await imageStore.read(commit.entry);
    if (stored === undefined) return own;
    return { entry: stored.entry, size: stored.body.length, body: () => stored.body, isStored: true };
  }
}
