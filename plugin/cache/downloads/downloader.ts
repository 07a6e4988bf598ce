import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobs.ts';
import type { BlobWriter, WrittenBlob } from '../files/blobWriter.ts';
import { errnoOf, fileError } from '../files/fileError.ts';
import { ArrivingBody } from './arrivingBody.ts';
import type { ArrivingImage } from './arrivingImage.ts';
import type { InspectedImage, Inspector, Recognizer } from '../inspector.ts';
import type { ManifestChange } from '../manifest/journalRecord.ts';
import { imagePath, insidePath } from '../files/layout.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { Sink, Source, SourceObject } from '../source.ts';

/** What does not show by then what it is, does not show it later. */
const BEGINNING_BYTES = 4096;

export interface DownloaderOptions<Object extends SourceObject> {
  source: Source<Object>;
  store: ManifestStore;
  blobs: BlobStore;
  inspect: Inspector;
  recognize: Recognizer;
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
}

export interface Downloaded {
  entry: ManifestEntry;
  body: Buffer;
}

interface Received {
  etag: string;
  image: InspectedImage & { body: Buffer };
}

interface Running {
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

  constructor(options: DownloaderOptions<Object>) {
    this.#options = options;
  }

  /** Hears of every change, from whichever process. */
  observe(change: ManifestChange): void {
    for (const running of this.#running) if (takesBack(change, running)) running.discarded = true;
  }

  async download(object: Object, request: DownloadRequest): Promise<Downloaded> {
    const running: Running = { key: object.key, actorId: request.actorId, discarded: false };
    this.#running.add(running);
    const arriving = new ArrivingBody();
    let writer: BlobWriter | undefined;
    try {
      writer = await this.#options.blobs.createWriter();
      const received = await this.#receive(writer, arriving, object, request);
      arriving.complete(received.image.body);
      return await this.#store(writer, received, object, running);
    } catch (error) {
      throw fileError(error);
    } finally {
      arriving.fail();
      this.#running.delete(running);
      await writer?.discard();
    }
  }

  /** Bytes that are a whole image, in the temporary file and in memory. */
  async #receive(
    writer: BlobWriter,
    arriving: ArrivingBody,
    object: Object,
    { actorId, signal, onArriving }: DownloadRequest,
  ): Promise<Received> {
    const { source, inspect, recognize, maxBytesOf } = this.#options;
    const maxBytes = maxBytesOf(actorId);
    let size = 0;
    let image: Received['image'] | undefined;
    let isAnnounced = false;
    const sink: Sink = {
      write: (chunk) => {
        size += chunk.length;
        if (size > maxBytes) return Promise.reject(tooLarge(maxBytes));
        arriving.push(chunk);
        if (!isAnnounced && size - chunk.length < BEGINNING_BYTES) {
          const contentType = recognize(arriving.bytes());
          isAnnounced = contentType !== undefined;
          if (contentType !== undefined) onArriving({ contentType, body: arriving });
        }
        return writer.write(chunk);
      },
      reset: () => {
        size = 0;
        arriving.restart();
        return writer.reset();
      },
      complete: async () => {
        const body = await writer.bytes();
        image = { ...inspect(body), body };
      },
    };
    const { etag } = await source.download(object, sink, signal);
    if (image === undefined) throw new ImageCacheError('INTERNAL', 'The download ended without a look at its bytes.');
    return { etag, image };
  }

  async #store(writer: BlobWriter, { etag, image }: Received, object: Object, running: Running): Promise<Downloaded> {
    const { store, now, sync } = this.#options;
    const blob = await writer.finish(sync);
    const { contentType, extension, width, height, body } = image;
    const entry: ManifestEntry = {
      s3_url: object.key,
      local_path: imagePath({ actorId: running.actorId, key: object.key, sha256: blob.sha256, extension }),
      cached_at: now(),
      size_bytes: blob.size,
      actor_id: running.actorId,
      filename: object.filename,
      etag,
      sha256: blob.sha256,
      content_type: contentType,
      ...(width !== undefined && height !== undefined && { width, height }),
      last_used_at: now(),
    };
    await store.refresh(); // another process may have cleared it meanwhile
    if (!running.discarded) await this.#keep(blob, entry, running);
    return { entry: store.index.get(object.key) ?? entry, body };
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
    // Cleared between the look above and the entry: take it back (T59).
    if (!running.discarded || store.index.get(entry.s3_url) === undefined) return;
    const { removed } = await store.append({ op: 'delete', keys: [entry.s3_url], reason: 'invalidated' });
    for (const gone of removed) await blobs.remove(gone);
  }
}

/** It could only push everything else out, and would be the next to go (T61). */
function tooLarge(maxBytes: number): ImageCacheError {
  return new ImageCacheError('IMAGE_TOO_LARGE', `The image is larger than the ${maxBytes} bytes it may take up.`, {
    hint: 'Raise `maxSize`, or the quota of the actor.',
  });
}

/** Whether whoever made the change does not want what is on its way. */
export function takesBack(
  change: ManifestChange,
  { key, actorId }: { readonly key: string; readonly actorId: string },
): boolean {
  if (change.op === 'delete') return change.reason === 'invalidated' && change.keys.includes(key);
  return change.op === 'clear' && (change.actor === undefined || change.actor === actorId);
}
