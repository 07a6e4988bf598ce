import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { SingleFlight } from '../queue/singleFlight.ts';
import type { Discovery } from './discovery.ts';
import type { Commit, Committer, PendingWrite } from '../store/commit.ts';
import type { FallbackDirs, FallbackImage } from './fallbackDirs.ts';
import { fileError } from '../files/fileError.ts';
import { identityOf } from '../files/fileIdentity.ts';
import type { InspectedImage, Inspector } from '../injected/inspector.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import { TMP_DIR, actorFolder, imagePath, keyDigest, parseImagePath } from '../files/layout.ts';
import { listingOf } from '../manifest/listingOf.ts';
import type { AppliedChange, ManifestStore } from '../manifest/manifestStore.ts';
import type { NamedImage, NamedImages } from './namedImages.ts';
import type { ImageRef } from '../injected/source.ts';
import { makeFolder, pathInside, removeFile } from '../files/ownFolders.ts';
import { removeUnlessListed } from '../files/removeUnlessListed.ts';
import { Tombstones } from '../store/tombstones.ts';
import { temporaryPath } from '../files/temporary.ts';

export interface AdoptionOptions {
  /** The cache directory. */
  dir: string;
  /** Prefix of every `local_path`, e.g. `.image-cache/`. */
  prefix: string;
  store: ManifestStore;
  blobs: BlobStore;
  committer: Committer;
  images: NamedImages;
  discovery: Discovery;
  fallback: FallbackDirs;
  inspect: Inspector;
  now: () => number;
  fsync: boolean;
  warn: (message: string) => void;
  /** Rejects when the disk has no room for a copy. */
  ensureRoom: () => Promise<void>;
  /** Makes room for an image and then stores it. */
  admit: (entry: ManifestEntry, commit: () => Promise<Commit>) => Promise<Commit>;
  /** Called after a copy has made the cache larger. */
  stored: (entry: ManifestEntry) => Promise<void>;
}

/**
 * Adopts image files: gives an entry to a file that has none. The name of a file contains a digest of the image's URL, from which
 * the URL cannot be computed. So a file can only be adopted when its URL is requested; this replaces the download. Its bytes must
 * match its name.
 */
export class Adoption implements CachePart {
  readonly #options: AdoptionOptions;
  readonly #tombstones = new Tombstones();
  /** Adopts each image once at a time, however many callers there are. */
  readonly #adopting = new SingleFlight<ManifestEntry | undefined>();

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** Loads the removals of earlier processes; called when the manifest was read. */
  start(): void {
    this.#tombstones.begin(this.#options.store.index.removals);
  }

  /** Notes each change, including the changes of other processes. */
  applied({ change }: AppliedChange): void {
    this.#tombstones.note(change);
  }

  /** Adopts a file for the image from the directory. Never rejects: if that fails, the image can be downloaded. */
  adopt(ref: ImageRef, actorId?: string): Promise<ManifestEntry | undefined> {
    return this.#adopting.run(() => this.#adoptFile(ref, actorId), ref.key);
  }

  /** Like {@link Adoption.adopt}; if there is no file, it copies one from a fallback directory. */
  async adoptOrCopy(ref: ImageRef, actorId: string): Promise<ManifestEntry | undefined> {
    return (await this.adopt(ref, actorId)) ?? this.#copyFallback(ref, actorId);
  }

  /** Replaces an entry whose file is gone by one for another file with the same bytes, if there is one. Returns whether it did. */
  async repair(known: ManifestEntry): Promise<boolean> {
    const { dir, prefix, images, discovery, committer } = this.#options;
    const { s3_url: key, actor_id } = known;
    const write = committer.begin(key, actor_id);
    try {
      for (const path of await discovery.candidates(keyDigest(key), undefined)) {
        const file = await images.read(dir, path);
        if (file?.sha256 !== known.sha256) continue;
        const entry = { ...known, local_path: prefix + path };
        return (await committer.replace(write, { known, entry })).status === 'stored';
      }
      return false;
    } finally {
      committer.end(write);
    }
  }

  /** Removes the files that already existed when their images were cleared or invalidated. */
  async discard(paths: Iterable<string>): Promise<{ files: number; bytes: number }> {
    const { dir, store, discovery } = this.#options;
    const discarded = { files: 0, bytes: 0 };
    const sizes = new Map<string, number>();
    for (const path of paths) {
      const name = parseImagePath(path);
      const stats = await lstat(join(dir, path)).catch(() => undefined);
      if (name === undefined || stats === undefined || !this.#tombstones.includes(name, stats)) continue;
      sizes.set(path, stats.size);
    }
    for (const path of await removeUnlessListed(dir, [...sizes.keys()], listingOf(store))) {
      discovery.unclaimed.forget(path);
      discarded.files += 1;
      discarded.bytes += sizes.get(path) ?? 0;
    }
    return discarded;
  }

  async #adoptFile(ref: ImageRef, actorId: string | undefined): Promise<ManifestEntry | undefined> {
    const { dir, blobs, images, discovery, committer } = this.#options;
    for (const path of await discovery.candidates(keyDigest(ref.key), actorId)) {
      const name = parseImagePath(path);
      if (name === undefined) continue;
      const owner = ownerOf(name.folder, actorId);
      const write = committer.begin(ref.key, owner);
      try {
        const file = await images.read(dir, path);
        const info = file === undefined ? undefined : this.#inspect(file);
        if (file === undefined || info === undefined || this.#tombstones.includes(name, file.stats)) continue;
        blobs.trust(path, file.stats);
        return await this.#register(write, this.#entryOf(ref, owner, path, file, info));
      } finally {
        committer.end(write);
      }
    }
    return undefined;
  }

  async #copyFallback(ref: ImageRef, actorId: string): Promise<ManifestEntry | undefined> {
    const digest = keyDigest(ref.key);
    for (const image of await this.#options.fallback.candidates(digest)) {
      if (this.#tombstones.isOutdated(digest, image.stats)) continue;
      const copied = await this.#copy(ref, actorId, image).catch((error: unknown) => {
        if (ImageCacheError.from(error).code === 'OFFLINE') throw error; // there is nowhere else to get it from
        return undefined;
      });
      if (copied !== undefined) return copied;
    }
    return undefined;
  }

  async #copy(ref: ImageRef, actorId: string, image: FallbackImage): Promise<ManifestEntry | undefined> {
    const { dir, store, images, fallback, committer, ensureRoom, admit, stored, fsync } = this.#options;
    const write = committer.begin(ref.key, actorId);
    const tmp = temporaryPath(dir);
    try {
      await ensureRoom();
      await makeFolder(dir, TMP_DIR);
      await fallback.copy(image, tmp, fsync);
      const file = await images.readAs(tmp, image.path);
      const info = file === undefined ? undefined : this.#inspect(file);
      if (file === undefined || info === undefined) return undefined;
      const path = imagePath({ actorId, key: ref.key, sha256: file.sha256, extension: info.extension });
      const blob = { path: tmp, sha256: file.sha256, size: file.body.length, identity: identityOf(file.stats) };
      const entry = this.#entryOf(ref, actorId, path, file, info);
      const commit = await admit(entry, async () => {
        await store.refresh(); // The copy is younger than its check, and must not be seen if the image was invalidated since.
        return committer.put(write, entry, blob);
      });
      if (commit.status === 'cancelled') return undefined;
      if (commit.status === 'stored') await stored(commit.entry);
      return commit.entry;
    } finally {
      committer.end(write);
      await removeFile(dir, pathInside(dir, tmp)).catch(() => undefined);
    }
  }

  async #register(write: PendingWrite, entry: ManifestEntry): Promise<ManifestEntry | undefined> {
    const { committer, warn } = this.#options;
    try {
      const commit = await committer.adopt(write, entry);
      return commit.status === 'cancelled' ? undefined : commit.entry;
    } catch (error) {
      warn(`A file could not be adopted: ${fileError(error).message}`);
      return entry; // the disk is full or read-only, but the bytes are good
    }
  }

  #inspect({ body }: NamedImage): InspectedImage | undefined {
    try {
      return this.#options.inspect(body, 'announced'); // the digest in the name announces the bytes
    } catch {
      return undefined; // a type that is not allowed here, or not an image
    }
  }

  #entryOf(
    { key, filename }: ImageRef,
    actorId: string,
    path: string,
    { sha256, body }: NamedImage,
    { contentType, width, height }: InspectedImage,
  ): ManifestEntry {
    const { prefix, now } = this.#options;
    return {
      s3_url: key,
      local_path: prefix + path,
      cached_at: now(),
      size_bytes: body.length,
      actor_id: actorId,
      filename,
      etag: '',
      sha256,
      content_type: contentType,
      ...(width !== undefined && height !== undefined && { width, height }),
      last_used_at: now(),
    };
  }
}

/** The actor that owns a folder: the requesting actor, or the one that the folder is named after. */
function ownerOf(folder: string, actorId: string | undefined): string {
  return actorId !== undefined && actorFolder(actorId) === folder ? actorId : folder;
}
