import type { ManifestEntry } from '../../protocol.ts';
import type { Downloaded } from './downloader.ts';
import { ImageSink } from './imageSink.ts';
import { newEntry } from '../store/newEntry.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { fileError } from '../files/fileError.ts';
import type { Inspector } from '../injected/inspector.ts';
import { originalDigest } from '../manifest/manifestEntry.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { Committer } from '../store/commit.ts';
import { Scratch } from './scratch.ts';
import type { RefusedObjects } from './refusedObjects.ts';
import type { Source, ImageRef } from '../injected/source.ts';
import type { Mark } from '../../timeline.ts';

export interface RevalidatorOptions<Ref extends ImageRef> {
  source: Source<Ref>;
  store: ManifestStore;
  blobs: BlobStore;
  committer: Committer;
  inspect: Inspector;
  refused: RefusedObjects;
  /** Rejects when the disk has no room for another image. */
  ensureRoom: () => Promise<void>;
  /** The bytes that an image of this actor may have. */
  maxBytesOf: (actorId: string) => number;
  now: () => number;
  fsync: boolean;
}

/** How the origin is asked. */
export interface RevalidationContext {
  signal: AbortSignal;
  mark: Mark;
  yieldToForeground: () => Promise<void> | undefined;
}

/**
 * Asks the origin whether an object is still the one that is cached: a conditional GET, which costs no body if it is. An
 * image that changed takes the place of the old one at once for everybody: file first, then the entry, then the old file
 * goes. What was cleared or evicted meanwhile stays so.
 */
export class Revalidator<Ref extends ImageRef> {
  readonly #options: RevalidatorOptions<Ref>;
  readonly #scratch = new Scratch();

  constructor(options: RevalidatorOptions<Ref>) {
    this.#options = options;
  }

  /**
   * The image that took the place of the known one; `undefined` when nothing changed, or when nobody wants it any more.
   * @throws ImageCacheError what a download throws; the cached image is as it was then
   */
  async revalidate(
    object: Ref,
    known: ManifestEntry,
    { signal, mark, yieldToForeground }: RevalidationContext,
  ): Promise<Downloaded | undefined> {
    const { source, store, blobs, committer, inspect, refused, ensureRoom, maxBytesOf, now, fsync } = this.#options;
    const maxBytes = maxBytesOf(known.actor_id);
    // What came after the cached image was refused: the question is whether it is still that.
    const refusedEtag = refused.etagOf(object.key, maxBytes);
    const write = committer.begin(object.key, known.actor_id);
    const createWriter = async () => {
      await ensureRoom();
      return blobs.createWriter();
    };
    const sink = new ImageSink({ createWriter, inspect, scratch: this.#scratch, maxBytes, yieldToForeground });
    try {
      const { etag, notModified } = await source.download(object, sink, signal, refusedEtag ?? known.etag, mark);
      if (notModified === true && refusedEtag !== undefined) throw refused.refusalOf(object.key, maxBytes);
      refused.forget(object.key);
      if (notModified === true) {
        await this.#validate(known, known.etag);
        return undefined;
      }
      const { image } = sink;
      const blob = await sink.finish(fsync);
      if (blob.sha256 === originalDigest(known)) {
        await this.#validate(known, etag);
        return undefined;
      }
      const { filename, actor_id: actorId } = known;
      const entry = newEntry({ key: object.key, filename, actorId, etag, blob, image, at: now() });
      await store.refresh(); // another process may have compressed it meanwhile
      const commit = await committer.replace(write, { known: this.#asStored(known), entry, blob });
      if (commit.status !== 'stored') return undefined;
      return { entry: commit.entry, size: image.size, body: image.body, isStored: true };
    } catch (error) {
      refused.note(object.key, error, sink);
      throw fileError(error);
    } finally {
      committer.end(write);
      await sink.discard();
    }
  }

  async #validate(known: ManifestEntry, etag: string): Promise<void> {
    const { store, now } = this.#options;
    const { s3_url: key, sha256 } = this.#asStored(known);
    await store.append({ op: 'validate', key, sha256, etag, at: now() });
  }

  /** The same image as it is stored by now: it may have been compressed while the origin was asked. */
  #asStored(known: ManifestEntry): ManifestEntry {
    const current = this.#options.store.index.get(known.s3_url);
    return current !== undefined && originalDigest(current) === originalDigest(known) ? current : known;
  }
}
