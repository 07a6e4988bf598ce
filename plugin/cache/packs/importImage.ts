import { createHash } from 'node:crypto';
import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode, ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { ImageSink } from '../fetch/imageSink.ts';
import { Scratch } from '../fetch/scratch.ts';
import type { Inspector } from '../injected/inspector.ts';
import type { ImageRef } from '../injected/source.ts';
import { isFromPack, originalDigest, withActors } from '../manifest/manifestEntry.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { Commit, Committer, PendingWrite } from '../store/commit.ts';
import { newEntry } from '../store/newEntry.ts';
import type { ImportLimits } from './importRoom.ts';
import { InFlight } from './inFlight.ts';
import { type PackedImage, provenEtag } from './packEntry.ts';

export interface ImportContext<Ref extends ImageRef> {
  store: ManifestStore;
  blobs: BlobStore;
  committer: Committer;
  identify: (url: string) => Ref;
  inspect: Inspector;
  /** Stores an image if it fits; nothing is evicted for it. @throws ImageCacheError PACK_TOO_LARGE */
  admit: (entry: ManifestEntry, store: () => Promise<Commit>) => Promise<Commit>;
  /** Records that the actor uses a cached image. */
  claim: (entry: ManifestEntry, actorId: string) => Promise<unknown>;
  /** Maximum size of an image of this actor, in bytes. */
  maxBytesOf: (actorId: string) => number;
  limits: ImportLimits;
  /** Bytes in the directory that are no images of the manifest. */
  otherBytes: () => number;
  /** Bytes of free space that the disk lacks when so many more are written. */
  missingSpace: (bytes: number) => Promise<number>;
  /** True while a page waits for an image. */
  isBusy: () => boolean;
  now: () => number;
  fsync: boolean;
}

/** What has become of an image. */
export interface ImportOutcomes {
  imported: (image: PackedImage) => void;
  /** It was cached before. */
  known: (image: PackedImage) => void;
  refused: (image: PackedImage, error: ImageCacheError) => void;
}

/** Images that are synced and written to the journal at a time, so that they share the waits for the disk. */
const COMMITS = 8;

/** What is wrong with one file, and does not concern the others. */
const OF_ONE_FILE: ReadonlySet<ErrorCode> = new Set([
  'PACK_MISMATCH',
  'PACK_CONFLICT',
  'INVALID_URL',
  'INVALID_URL_SCHEME',
  'INVALID_PATH',
  'INVALID_ACTOR_ID',
  'HOST_NOT_ALLOWED',
  'IMAGE_TOO_LARGE',
  'NOT_AN_IMAGE',
  'UNSUPPORTED_TYPE',
  'UPSTREAM_TRUNCATED',
]);

/** Takes single images of a pack into the cache. */
export class ImageImport<Ref extends ImageRef> {
  readonly #context: ImportContext<Ref>;
  readonly #outcomes: ImportOutcomes;
  readonly #scratch = new Scratch();
  readonly #commits = new InFlight(COMMITS);

  constructor(context: ImportContext<Ref>, outcomes: ImportOutcomes) {
    this.#context = context;
    this.#outcomes = outcomes;
  }

  /**
   * Takes an image. When the promise resolves, its bytes were read and checked, and may still be on their way to the disk.
   * @throws ImageCacheError PACK_MISMATCH, PACK_CONFLICT, NOT_AN_IMAGE and the like for this image alone (see {@link faultOfOne});
   * PACK_TOO_LARGE, CACHE_DISK_FULL and all other faults of the disk for good, perhaps about an image before it
   */
  async take(image: PackedImage, ref: Ref, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#ensureSize(image);
    if (await this.#isKnown(image)) this.#outcomes.known(image);
    else await this.#receive(image, ref, content);
  }

  /** Resolves when nothing is on its way any more. @throws what is wrong for good */
  settled(): Promise<void> {
    return this.#commits.settled();
  }

  #ensureSize({ size, actors }: PackedImage): void {
    const maxBytes = this.#context.maxBytesOf(actors[0] ?? '');
    if (size <= maxBytes) return;
    throw new ImageCacheError('IMAGE_TOO_LARGE', `The image has ${size} bytes, and ${maxBytes} are allowed.`, {
      hint: 'Raise `maxImageSize`, or the quota of the actor.',
    });
  }

  /**
   * True if the cache has these bytes already. What S3 has sent is not replaced by what a pack says; what an earlier pack said is.
   * @throws ImageCacheError PACK_CONFLICT
   */
  async #isKnown({ s3_url, sha256, actors }: PackedImage): Promise<boolean> {
    const { store, blobs } = this.#context;
    const known = store.index.get(s3_url);
    if (known === undefined) return false;
    if (!(await blobs.has(known))) {
      await store.append({ op: 'delete', keys: [s3_url], reason: 'missing' });
      return false;
    }
    if (known.sha256 === sha256 || originalDigest(known) === sha256) {
      await this.#claim(known, actors);
      return true;
    }
    if (isFromPack(known)) return false;
    throw conflict();
  }

  async #claim(entry: ManifestEntry, actors: readonly string[]): Promise<void> {
    for (const actor of actors) await this.#context.claim(entry, actor);
  }

  /** Writes the bytes to a temporary file, and checks them. They are stored while the next image is read. */
  async #receive(image: PackedImage, ref: Ref, content: AsyncIterable<Uint8Array>): Promise<void> {
    const { blobs, committer, inspect, missingSpace } = this.#context;
    ensureSpace(await missingSpace(image.size));
    const write = committer.begin(ref.key, image.actors[0] ?? '');
    const sink = new ImageSink({
      createWriter: () => blobs.createWriter(),
      inspect,
      scratch: this.#scratch,
      maxBytes: image.size,
      yieldToForeground: () => undefined,
    });
    const md5 = createHash('md5');
    try {
      await sink.open(); // as early as that of a download, since its age tells whether it is older than a removal
      for await (const chunk of content) {
        md5.update(chunk);
        await sink.write(chunk);
      }
      await sink.complete('announced'); // by the digest in its name
    } catch (error) {
      committer.end(write);
      await sink.discard();
      throw error;
    }
    await this.#commits.add(async () => {
      try {
        await this.#store({ sink, image, ref, write, etag: provenEtag(image.etag, md5.digest('hex')) });
      } catch (error) {
        this.#outcomes.refused(image, faultOfOne(error));
      } finally {
        committer.end(write);
        await sink.discard();
      }
    });
  }

  async #store({ sink, image, ref, write, etag }: Received<Ref>): Promise<void> {
    const { store, committer, admit, now, fsync } = this.#context;
    const blob = await sink.finish(fsync);
    if (blob.sha256 !== image.sha256) throw mismatch('Its bytes are not those that its name says');
    const [actorId = ''] = image.actors;
    const { key, filename } = ref;
    const fresh = newEntry({ key, filename, actorId, etag, blob, image: sink.image, at: now() });
    const entry: ManifestEntry = {
      ...withActors(fresh, image.actors),
      validated_at: 0,
      ...(image.meta !== undefined && { meta: image.meta }),
    };
    await store.refresh(); // another process may have stored or replaced it meanwhile
    const known = store.index.get(key);
    const isReplaced = known !== undefined && known.sha256 !== entry.sha256;
    if (isReplaced && !isFromPack(known)) throw conflict(); // S3 has sent it meanwhile
    const commit = await admit(entry, () =>
      isReplaced ? committer.replace(write, { known, entry, blob }) : committer.put(write, entry, blob),
    );
    if (commit.status === 'cancelled') throw removedMeanwhile();
    if (commit.entry.sha256 !== entry.sha256) throw conflict(); // stored otherwise meanwhile
    await this.#claim(commit.entry, image.actors);
    if (commit.status === 'stored') this.#outcomes.imported(image);
    else this.#outcomes.known(image);
  }
}

/** An image that has arrived in a temporary file. */
interface Received<Ref extends ImageRef> {
  sink: ImageSink;
  image: PackedImage;
  ref: Ref;
  write: PendingWrite;
  etag: string;
}

/** @param missing bytes of free space that the disk lacks. @throws ImageCacheError CACHE_DISK_FULL */
export function ensureSpace(missing: number): void {
  if (missing === 0) return;
  throw new ImageCacheError(
    'CACHE_DISK_FULL',
    'The disk has no room for the pack beside the free space that `minFreeSpace` asks for.',
    { hint: `Free ${missing} bytes, or lower \`minFreeSpace\`. Everything cached so far is intact.` },
  );
}

/** What is wrong with one image, and does not concern the others. @throws the error if it is not such a fault */
export function faultOfOne(error: unknown): ImageCacheError {
  if (error instanceof ImageCacheError && OF_ONE_FILE.has(error.code)) return error;
  throw error;
}

function conflict(): ImageCacheError {
  return new ImageCacheError('PACK_CONFLICT', 'The cache has other bytes of this image, which S3 has sent.', {
    hint: 'They stay. To have those of the pack instead, invalidate the image, and import the pack again.',
  });
}

function removedMeanwhile(): ImageCacheError {
  return new ImageCacheError('PACK_CONFLICT', 'The image was cleared or invalidated while it was imported.', {
    hint: 'It stays removed. To have it, import the pack again.',
  });
}

export function mismatch(what: string): ImageCacheError {
  return new ImageCacheError('PACK_MISMATCH', `${what}.`, {
    hint: 'The pack was changed or damaged after it was made. The other images are not concerned.',
  });
}
