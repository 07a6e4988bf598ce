import { ImageCacheError } from '../errors.ts';
import type { ManifestEntry } from '../protocol.ts';
import type { BlobStore } from './blobs.ts';
import type { BlobWriter } from './blobWriter.ts';
import { fileError } from './fileError.ts';
import type { InspectedImage, Inspector } from './inspector.ts';
import type { ManifestChange } from './journalRecord.ts';
import { imagePath, insidePath } from './layout.ts';
import type { ManifestStore } from './manifestStore.ts';
import type { Sink, Source, SourceObject } from './source.ts';

export interface DownloaderOptions<Object extends SourceObject> {
  source: Source<Object>;
  store: ManifestStore;
  blobs: BlobStore;
  inspect: Inspector;
  now: () => number;
  sync: boolean;
}

export interface Downloaded {
  entry: ManifestEntry;
  body: Buffer;
}

interface Running {
  actorId: string;
  /** Cleared or invalidated after it began: whoever waits gets the bytes, the cache does not. */
  discarded: boolean;
}

/** The miss path: origin → temporary file → proof that it is a whole image → its own name → manifest. */
export class Downloader<Object extends SourceObject> {
  readonly #options: DownloaderOptions<Object>;
  readonly #running = new Map<string, Running>();

  constructor(options: DownloaderOptions<Object>) {
    this.#options = options;
  }

  /** Hears of every change, from whichever process. */
  observe(change: ManifestChange): void {
    if (change.op === 'delete' && change.reason === 'invalidated') {
      for (const key of change.keys) this.#discard(this.#running.get(key));
    }
    if (change.op !== 'clear') return;
    for (const running of this.#running.values()) {
      if (change.actor === undefined || change.actor === running.actorId) this.#discard(running);
    }
  }

  /** One call per key at a time; the queue sees to that. */
  async download(object: Object, actorId: string, signal: AbortSignal): Promise<Downloaded> {
    const running: Running = { actorId, discarded: false };
    this.#running.set(object.key, running);
    const writer = await this.#options.blobs.createWriter().catch((error: unknown) => {
      this.#running.delete(object.key);
      throw fileError(error);
    });
    try {
      return await this.#fill(writer, object, running, signal);
    } finally {
      this.#running.delete(object.key);
      await writer.discard();
    }
  }

  async #fill(writer: BlobWriter, object: Object, running: Running, signal: AbortSignal): Promise<Downloaded> {
    const { source, blobs, store, inspect, now, sync } = this.#options;
    let inspected: InspectedImage | undefined;
    const sink: Sink = {
      write: (chunk) => writer.write(chunk).catch((error: unknown) => Promise.reject(fileError(error))),
      reset: () => writer.reset(),
      complete: async () => {
        inspected = inspect(await writer.bytes());
      },
    };
    const { etag } = await source.download(object, sink, signal);
    if (inspected === undefined)
      throw new ImageCacheError('INTERNAL', 'The download ended without a look at its bytes.');

    const body = await writer.bytes();
    const blob = await writer.finish(sync).catch((error: unknown) => Promise.reject(fileError(error)));
    const { contentType, extension, width, height } = inspected;
    const path = imagePath({ actorId: running.actorId, key: object.key, sha256: blob.sha256, extension });
    const entry: ManifestEntry = {
      s3_url: object.key,
      local_path: path,
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
    if (running.discarded) return { entry, body };

    const twin = store.index.getByDigest(blob.sha256);
    await blobs
      .store(blob, path, twin === undefined ? undefined : insidePath(twin.local_path))
      .catch((error: unknown) => Promise.reject(fileError(error)));
    await store.append({ op: 'put', entry });
    return { entry: store.index.get(object.key) ?? entry, body };
  }

  #discard(running: Running | undefined): void {
    if (running !== undefined) running.discarded = true;
  }
}
