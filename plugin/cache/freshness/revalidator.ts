import type { ManifestEntry } from '../../protocol.ts';
import { type Downloaded, type Running, takesBack } from '../downloads/downloader.ts';
import { ImageSink } from '../downloads/imageSink.ts';
import { newEntry } from '../downloads/newEntry.ts';
import type { BlobStore } from '../files/blobs.ts';
import type { WrittenBlob } from '../files/blobWriter.ts';
import { errnoOf, fileError } from '../files/fileError.ts';
import { insidePath } from '../files/layout.ts';
import type { Inspector } from '../inspector.ts';
import type { ManifestChange } from '../manifest/journalRecord.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { Shelf } from '../shelf.ts';
import type { Source, SourceObject } from '../source.ts';

export interface RevalidatorOptions<Object extends SourceObject> {
  source: Source<Object>;
  store: ManifestStore;
  blobs: BlobStore;
  shelf: Shelf;
  inspect: Inspector;
  /** Rejects when the disk has no room for another image. */
  ensureRoom: () => Promise<void>;
  /** The bytes that an image of this actor may have. */
  maxBytesOf: (actorId: string) => number;
  now: () => number;
  sync: boolean;
}

/** How the origin is asked. */
export interface RevalidationContext {
  signal: AbortSignal;
  standAside: () => Promise<void> | undefined;
}

/**
 * Asks the origin whether an object is still the one that is cached: a conditional GET, which costs no body if it is. An
 * image that changed takes the place of the old one at once for everybody: file first, then the entry, then the old file
 * goes. What was cleared or evicted meanwhile stays so.
 */
export class Revalidator<Object extends SourceObject> {
  readonly #options: RevalidatorOptions<Object>;
  readonly #running = new Set<Running>();

  constructor(options: RevalidatorOptions<Object>) {
    this.#options = options;
  }

  /** Hears of every change, from whichever process. */
  observe(change: ManifestChange): void {
    for (const running of this.#running) if (takesBack(change, running)) running.discarded = true;
  }

  /**
   * The image that took the place of the known one; `undefined` when nothing changed, or when nobody wants it any more.
   * @throws ImageCacheError what a download throws; the cached image is as it was then
   */
  async revalidate(
    object: Object,
    known: ManifestEntry,
    { signal, standAside }: RevalidationContext,
  ): Promise<Downloaded | undefined> {
    const { source, store, blobs, inspect, ensureRoom, maxBytesOf, now, sync } = this.#options;
    const running: Running = { key: object.key, actorId: known.actor_id, discarded: false };
    this.#running.add(running);
    const createWriter = async () => {
      await ensureRoom();
      return blobs.createWriter();
    };
    const sink = new ImageSink({ createWriter, inspect, maxBytes: maxBytesOf(known.actor_id), standAside });
    try {
      const { etag, notModified } = await source.download(object, sink, signal, known.etag);
      if (notModified === true) {
        await this.#validate(known, known.etag);
        return undefined;
      }
      const { image } = sink;
      const blob = await sink.finish(sync);
      if (blob.sha256 === known.sha256) {
        await this.#validate(known, etag);
        return undefined;
      }
      const { filename, actor_id: actorId } = known;
      const entry = newEntry({ key: object.key, filename, actorId, etag, blob, image, at: now() });
      await store.refresh(); // another process may have cleared it meanwhile
      if (running.discarded || !(await this.#replace(known, entry, blob))) return undefined;
      return { entry: store.index.get(object.key) ?? entry, body: image.body };
    } catch (error) {
      throw fileError(error);
    } finally {
      this.#running.delete(running);
      await sink.discard();
    }
  }

  async #validate({ s3_url: key, sha256 }: ManifestEntry, etag: string): Promise<void> {
    const { store, now } = this.#options;
    await store.append({ op: 'validate', key, sha256, etag, at: now() });
  }

  /** Tells whether it did. */
  async #replace(known: ManifestEntry, entry: ManifestEntry, blob: WrittenBlob): Promise<boolean> {
    const { store, blobs, shelf } = this.#options;
    const twin = store.index.getByDigest(blob.sha256);
    try {
      await blobs.store(blob, entry.local_path, twin === undefined ? undefined : insidePath(twin.local_path));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false; // the directory was removed by hand, which is a way to clear it (T55)
      throw error;
    }
    const isThere = () => store.index.getByPath(entry.local_path) !== undefined;
    try {
      const { removed } = await store.append({ op: 'replace', entry, sha256: known.sha256 });
      await shelf.remove(removed);
      await blobs.syncRemoval(removed);
    } finally {
      // Cleared meanwhile (T59), or no room for the record (T56): without an entry, the file would be adopted again.
      await store.refresh().catch(() => undefined);
      if (!isThere()) {
        await blobs.remove(entry);
        await blobs.syncRemoval([entry]);
      }
    }
    return isThere();
  }
}
