import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobs.ts';
import type { WrittenBlob } from '../files/blobWriter.ts';
import { errnoOf, fileError } from '../files/fileError.ts';
import { ArrivingBody } from './arrivingBody.ts';
import type { ArrivingImage } from './arrivingImage.ts';
import { ImageSink } from './imageSink.ts';
import type { Inspector, Recognizer } from '../injected/inspector.ts';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import { cancels } from '../store/cancels.ts';
import { insidePath } from '../files/layout.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import { newEntry } from '../store/newEntry.ts';
import { Scratch } from './scratch.ts';
import type { RefusedObjects } from './refusedObjects.ts';
import type { Source, SourceObject } from '../injected/source.ts';

/** What does not show by then what it is, does not show it later. */
const BEGINNING_BYTES = 4096;

export interface DownloaderOptions<Object extends SourceObject> {
  source: Source<Object>;
  store: ManifestStore;
  blobs: BlobStore;
  inspect: Inspector;
  recognize: Recognizer;
  refused: RefusedObjects;
  /** Stores an image when there is room for it. */
  admit: (entry: ManifestEntry, store: () => Promise<void>) => Promise<void>;
  /** The bytes that an image of this actor may have. */
  maxBytesOf: (actorId: string) => number;
  now: () => number;
  sync: boolean;
}

export interface DownloadRequest {
  actorId: string;
  signal: AbortSignal;
  /** Hears of the image as soon as its first bytes show one that may be sent on while it arrives. */
  onArriving: (image: ArrivingImage) => void;
  /** Called when the origin is no longer needed: what remains is ours to do. */
  onReceived: () => void;
  /** Awaited for every chunk: resolves when nothing more urgent is on its way. */
  yieldToForeground: () => Promise<void> | undefined;
}

export interface Downloaded {
  entry: ManifestEntry;
  /** Bytes. */
  size: number;
  /** The bytes, in one piece of memory. */
  body: () => Buffer;
}

/** A download on its way. */
export interface Running {
  readonly key: string;
  readonly actorId: string;
  /** Cleared or invalidated after it began: whoever waits gets the bytes, the cache does not. */
  discarded: boolean;
}

/** The miss path: origin → temporary file → proof that it is a whole image → its own name → manifest. */
export class Downloader<Object extends SourceObject> {
  readonly #options: DownloaderOptions<Object>;
  /** Of one key there may be two: one that everybody has left, and one for who came after. */
  readonly #running = new Set<Running>();
  readonly #scratch = new Scratch();

  constructor(options: DownloaderOptions<Object>) {
    this.#options = options;
  }

  /** Hears of every change, from whichever process. */
  observe(change: ManifestChange): void {
    for (const running of this.#running) if (cancels(change, running)) running.discarded = true;
  }

  async download(object: Object, request: DownloadRequest): Promise<Downloaded> {
    const { source, blobs, inspect, refused, maxBytesOf } = this.#options;
    const { actorId, signal, onReceived, yieldToForeground } = request;
    const maxBytes = maxBytesOf(actorId);
    const refusedEtag = refused.etagOf(object.key, maxBytes);
    const running: Running = { key: object.key, actorId, discarded: false };
    this.#running.add(running);
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
      const { etag, notModified } = await source.download(object, sink, signal, refusedEtag);
      if (notModified === true) throw refused.refusalOf(object.key, maxBytes);
      refused.forget(object.key);
      arriving.complete(sink.image);
      onReceived();
      await yieldToForeground();
      return await this.#store(sink, etag, object, running);
    } catch (error) {
      refused.note(object.key, error, sink);
      throw fileError(error);
    } finally {
      arriving.fail();
      this.#running.delete(running);
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

  async #store(sink: ImageSink, etag: string, object: Object, running: Running): Promise<Downloaded> {
    const { store, admit, now, sync } = this.#options;
    const { image } = sink;
    const blob = await sink.finish(sync);
    const { key, filename } = object;
    const entry = newEntry({ key, filename, actorId: running.actorId, etag, blob, image, at: now() });
    if (!running.discarded) await admit(entry, () => this.#keep(blob, entry, running));
    return { entry: store.index.get(object.key) ?? entry, size: image.size, body: image.body };
  }

  /** File first, entry second: an entry means that the file is there. */
  async #keep(blob: WrittenBlob, entry: ManifestEntry, running: Running): Promise<void> {
    const { store, blobs } = this.#options;
    const twin = store.index.getByDigest(blob.sha256);
    try {
      await blobs.store(blob, entry.local_path, twin === undefined ? undefined : insidePath(twin.local_path));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return; // the directory was removed by hand, which is a way to clear it (T55)
      throw error;
    }
    try {
      await store.append({ op: 'put', entry });
    } catch (error) {
      // A file without an entry is one that eviction does not see, and a full disk would stay full (T56).
      await store.refresh().catch(() => undefined);
      if (store.index.getByPath(entry.local_path) === undefined) await blobs.remove(entry);
      throw error;
    }
    // Cleared while it was on its way, also by another process: take it back (T59).
    if (!running.discarded || store.index.get(entry.s3_url) === undefined) return;
    const { removed } = await store.append({ op: 'delete', keys: [entry.s3_url], reason: 'invalidated' });
    for (const gone of removed) await blobs.remove(gone);
    await blobs.syncRemoval(removed);
  }
}
