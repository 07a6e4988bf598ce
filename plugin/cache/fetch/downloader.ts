import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { fileError } from '../files/fileError.ts';
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

/** What does not show by then what it is, does not show it later. */
const BEGINNING_BYTES = 4096;

export interface DownloaderOptions<Ref extends ImageRef> {
  source: Source<Ref>;
  blobs: BlobStore;
  committer: Committer;
  imageStore: ImageStore;
  inspect: Inspector;
  recognize: Recognizer;
  refused: RefusedObjects;
  /** Stores an image when there is room for it. */
  admit: (entry: ManifestEntry, store: () => Promise<Commit>) => Promise<Commit>;
  /** The bytes that an image of this actor may have. */
  maxBytesOf: (actorId: string) => number;
  now: () => number;
  fsync: boolean;
}

export interface DownloadRequest {
  actorId: string;
  signal: AbortSignal;
  /** Hears of the image as soon as its first bytes show one that may be sent on while it arrives. */
  onArriving: (image: ArrivingImage) => void;
  /** Called when the origin is no longer needed: what remains is ours to do. */
  onReceived: () => void;
  mark: Mark;
  /** Awaited for every chunk: resolves when nothing more urgent is on its way. */
  yieldToForeground: () => Promise<void> | undefined;
}

/** An image that came from the origin, with the entry of these very bytes. */
export interface Downloaded {
  entry: ManifestEntry;
  /** Bytes. */
  size: number;
  /** The bytes, in one piece of memory. */
  body: () => Buffer;
  /** False for one that was invalidated or cleared while it was on its way: those who asked get it, the cache does not. */
  isStored: boolean;
}

/** The miss path: origin → temporary file → proof that it is a whole image → its own name → manifest. */
export class Downloader<Ref extends ImageRef> {
  readonly #options: DownloaderOptions<Ref>;
  readonly #scratch = new Scratch();

  constructor(options: DownloaderOptions<Ref>) {
    this.#options = options;
  }

  async download(object: Ref, request: DownloadRequest): Promise<Downloaded> {
    const { source, blobs, committer, inspect, refused, maxBytesOf } = this.#options;
    const { actorId, signal, onReceived, mark, yieldToForeground } = request;
    const maxBytes = maxBytesOf(actorId);
    const refusedEtag = refused.etagOf(object.key, maxBytes);
    const write = committer.begin(object.key, actorId);
    const arriving = new ArrivingBody();
    const sink = new ImageSink({
      createWriter: () => blobs.createWriter(),
      inspect,
      scratch: this.#scratch,
      maxBytes,
      yieldToForeground,
      onChunk: this.#announcer(arriving, request),
      onReset: () => arriving.restart(),
    });
    try {
      sink.open().catch(() => undefined); // the first chunk hears of it
      const { etag, notModified } = await source.download(object, sink, signal, refusedEtag, mark);
      if (notModified === true) throw refused.refusalOf(object.key, maxBytes);
      refused.forget(object.key);
      arriving.complete(sink.image);
      onReceived();
      await yieldToForeground();
      return await this.#store(sink, etag, object, write);
    } catch (error) {
      refused.note(object.key, error, sink);
      throw fileError(error);
    } finally {
      arriving.fail();
      committer.end(write);
      await sink.discard();
    }
  }

  /** Hands on what arrives, and tells of the image as soon as its first bytes show one. */
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

  async #store(sink: ImageSink, etag: string, object: Ref, write: PendingWrite): Promise<Downloaded> {
    const { committer, imageStore, admit, now, fsync } = this.#options;
    const { image } = sink;
    const { size, body } = image;
    const blob = await sink.finish(fsync);
    const { key, filename } = object;
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
