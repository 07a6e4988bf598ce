import type { ManifestEntry } from '../../protocol.ts';
import type { Arrival } from './arrival.ts';
import type { Downloaded } from './downloader.ts';
import { ImageSink } from './imageSink.ts';
import { newEntry } from '../store/newEntry.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { fileError } from '../files/fileError.ts';
import type { Inspector } from '../injected/inspector.ts';
import { isFromPack, originalDigest } from '../manifest/manifestEntry.ts';
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
  /** Maximum size of an image of this actor, in bytes. */
  maxBytesOf: (actorId: string) => number;
  now: () => number;
  fsync: boolean;
}

/** The signal, the timeline and the priority of the request to the origin. */
export interface RevalidationContext {
  signal: AbortSignal;
  mark: Mark;
  arrival: Arrival;
  /** True if the whole object is fetched, whatever its ETag says. */
  isForced: boolean;
  yieldToForeground: () => Promise<void> | undefined;
}

/**
 * Asks the origin whether a cached image is still current. This is a conditional GET, which costs no body if it is. A
 * changed image replaces the old one for all actors at once: the file is written first, then the entry, then the old file is
 * removed. An image that was cleared or evicted meanwhile does not come back.
 */
export class Revalidator<Ref extends ImageRef> {
  readonly #options: RevalidatorOptions<Ref>;
  readonly #scratch = new Scratch();

  constructor(options: RevalidatorOptions<Ref>) {
    this.#options = options;
  }

  /**
   * Returns the image that replaced the known one; `undefined` when nothing changed, or when the image was removed
   * meanwhile.
   * @throws ImageCacheError what a download throws; the cached image is then unchanged
   */
  async revalidate(
    ref: Ref,
    known: ManifestEntry,
    { signal, mark, arrival, isForced, yieldToForeground }: RevalidationContext,
  ): Promise<Downloaded | undefined> {
    const { source, store, blobs, committer, inspect, refused, ensureRoom, maxBytesOf, now, fsync } = this.#options;
    const maxBytes = maxBytesOf(known.actor_id);
    // A newer version of the image was refused before: ask whether the object is still that version.
    const refusedEtag = refused.etagOf(ref.key, maxBytes);
    const knownEtag = isForced ? undefined : (refusedEtag ?? (isFromPack(known) ? undefined : known.etag));
    const write = committer.begin(ref.key, known.actor_id);
    const createWriter = async () => {
      await ensureRoom();
      return blobs.createWriter();
    };
    const sink = new ImageSink({ createWriter, inspect, scratch: this.#scratch, maxBytes, yieldToForeground, arrival });
    try {
      const { etag, notModified } = await source.download(ref, sink, signal, knownEtag, mark);
      if (notModified === true && refusedEtag !== undefined) throw refused.refusalOf(ref.key, maxBytes);
      refused.forget(ref.key);
      if (notModified === true) {
        await this.#validate(known, known.etag === '' ? etag : known.etag);
        return undefined;
      }
      const { image } = sink;
      const blob = await sink.finish(fsync);
      const isSame = blob.sha256 === originalDigest(known);
      if (isSame && (!isForced || (await blobs.isWhole(this.#asStored(known))))) {
        await this.#validate(known, etag);
        return undefined;
      }
      const { filename, actor_id: actorId } = known;
      const entry = newEntry({ key: ref.key, filename, actorId, etag, blob, image, at: now() });
      await store.refresh(); // another process may have compressed it meanwhile
      const commit = await committer.replace(write, { known: this.#asStored(known), entry, blob });
      if (commit.status !== 'stored') return undefined;
      return { entry: commit.entry, size: image.size, body: image.body, isStored: true };
    } catch (error) {
      refused.note(ref.key, error, sink);
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

  /** The entry as it is now: the image may have been compressed while the origin was asked. */
  #asStored(known: ManifestEntry): ManifestEntry {
    const current = this.#options.store.index.get(known.s3_url);
    return current !== undefined && originalDigest(current) === originalDigest(known) ? current : known;
  }
}
