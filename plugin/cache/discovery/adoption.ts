import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobs.ts';
import type { Discovery } from './discovery.ts';
import { cancels } from '../store/cancels.ts';
import type { FallbackDirs, FallbackImage } from './fallbackDirs.ts';
import { fileError } from '../files/fileError.ts';
import { identityOf } from '../files/fileIdentity.ts';
import type { InspectedImage, Inspector } from '../injected/inspector.ts';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import { TMP_DIR, actorFolder, imagePath, keyDigest, parseImagePath } from '../files/layout.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { NamedImage, NamedImages } from './namedImages.ts';
import type { SourceObject } from '../injected/source.ts';
import { makeFolder, pathInside, removeFile } from '../files/ownFolders.ts';
import { Tombstones } from '../store/tombstones.ts';
import { temporaryPath } from '../files/temporary.ts';

export interface AdoptionOptions {
  /** The cache directory. */
  dir: string;
  /** What `local_path` begins with, e.g. `.image-cache/`. */
  prefix: string;
  store: ManifestStore;
  blobs: BlobStore;
  images: NamedImages;
  discovery: Discovery;
  fallback: FallbackDirs;
  inspect: Inspector;
  now: () => number;
  sync: boolean;
  warn: (message: string) => void;
  /** Rejects when the disk has no room for a copy. */
  ensureRoom: () => Promise<void>;
  /** After a copy has made the cache larger. */
  stored: (entry: ManifestEntry) => Promise<void>;
}

interface Running {
  readonly key: string;
  readonly actorId: string;
  /** Cleared or invalidated after it began. */
  discarded: boolean;
}

/**
 * Gives image files without an entry theirs. A file is named after the digest of its URL, which cannot be turned round: so
 * it is adopted when the URL is asked for, instead of being downloaded, and only if its bytes are what its name says.
 */
export class Adoption {
  readonly #options: AdoptionOptions;
  readonly #tombstones = new Tombstones();
  /** One at a time for each object, however many ask. */
  readonly #adopting = new Map<string, Promise<ManifestEntry | undefined>>();
  readonly #running = new Set<Running>();

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** Hears of every change, from whichever process. */
  observe(change: ManifestChange): void {
    this.#tombstones.observe(change);
    for (const running of this.#running) if (cancels(change, running)) running.discarded = true;
  }

  /** Adopts the object from a file that lies in the directory. Never rejects: what cannot be adopted can be downloaded. */
  adopt(object: SourceObject, actorId?: string): Promise<ManifestEntry | undefined> {
    const running = this.#adopting.get(object.key);
    if (running !== undefined) return running;
    const started = this.#adoptFile(object, actorId).finally(() => this.#adopting.delete(object.key));
    this.#adopting.set(object.key, started);
    return started;
  }

  /** The same; and what is not there is copied from a fallback directory. */
  async adoptOrCopy(object: SourceObject, actorId: string): Promise<ManifestEntry | undefined> {
    return (await this.adopt(object, actorId)) ?? this.#copyFallback(object, actorId);
  }

  /** Gives an entry whose file is gone another one with the same bytes, if one lies there. Tells whether it did. */
  async repair(entry: ManifestEntry): Promise<boolean> {
    const { dir, prefix, images, discovery } = this.#options;
    for (const path of await discovery.candidates(keyDigest(entry.s3_url), undefined)) {
      const file = await images.read(dir, path);
      if (file?.sha256 !== entry.sha256) continue;
      return this.#unlessCancelled({ ...entry, local_path: prefix + path }, entry);
    }
    return false;
  }

  /** Removes those of the files that were there when they were cleared or invalidated. */
  async discard(paths: Iterable<string>): Promise<{ files: number; bytes: number }> {
    const { dir, store, discovery } = this.#options;
    const discarded = { files: 0, bytes: 0 };
    for (const path of paths) {
      const name = parseImagePath(path);
      const stats = await lstat(join(dir, path)).catch(() => undefined);
      if (name === undefined || stats === undefined || !this.#tombstones.includes(name, stats.ctimeMs)) continue;
      if (store.index.getByPath(path) !== undefined) continue;
      if (!(await removeFile(dir, path))) continue;
      discovery.unclaimed.forget(path);
      discarded.files += 1;
      discarded.bytes += stats.size;
    }
    return discarded;
  }

  async #adoptFile(object: SourceObject, actorId: string | undefined): Promise<ManifestEntry | undefined> {
    const { dir, blobs, images, discovery } = this.#options;
    for (const path of await discovery.candidates(keyDigest(object.key), actorId)) {
      const name = parseImagePath(path);
      const file = await images.read(dir, path);
      if (name === undefined || file === undefined) continue;
      const info = this.#inspect(file);
      if (info === undefined || this.#tombstones.includes(name, file.stats.ctimeMs)) continue;
      blobs.trust(path, file.stats);
      const entry = this.#entryOf(object, ownerOf(name.folder, actorId), path, file, info);
      return this.#register(entry);
    }
    return undefined;
  }

  async #copyFallback(object: SourceObject, actorId: string): Promise<ManifestEntry | undefined> {
    const digest = keyDigest(object.key);
    if (this.#tombstones.hasKey(digest)) return undefined; // it has changed since they fetched it
    for (const image of await this.#options.fallback.candidates(digest)) {
      const copied = await this.#copy(object, actorId, image).catch(() => undefined);
      if (copied !== undefined) return copied;
    }
    return undefined;
  }

  async #copy(object: SourceObject, actorId: string, image: FallbackImage): Promise<ManifestEntry | undefined> {
    const { dir, blobs, images, fallback, ensureRoom, stored, sync } = this.#options;
    const tmp = temporaryPath(dir);
    try {
      await ensureRoom();
      await makeFolder(dir, TMP_DIR);
      await fallback.copy(image, tmp, sync);
      const file = await images.readAs(tmp, image.path);
      const info = file === undefined ? undefined : this.#inspect(file);
      if (file === undefined || info === undefined) return undefined;
      const path = imagePath({ actorId, key: object.key, sha256: file.sha256, extension: info.extension });
      const blob = { path: tmp, sha256: file.sha256, size: file.body.length, identity: identityOf(file.stats) };
      await blobs.store(blob, path, undefined);
      const entry = await this.#register(this.#entryOf(object, actorId, path, file, info));
      if (entry !== undefined) await stored(entry);
      return entry;
    } finally {
      await removeFile(dir, pathInside(dir, tmp)).catch(() => undefined);
    }
  }

  async #register(entry: ManifestEntry): Promise<ManifestEntry | undefined> {
    const { store, warn } = this.#options;
    try {
      return (await this.#unlessCancelled(entry)) ? store.index.get(entry.s3_url) : undefined;
    } catch (error) {
      warn(`A file could not be adopted: ${fileError(error).message}`);
      return entry; // the disk is full, or may only be read: the bytes are good all the same
    }
  }

  /**
   * Appends the entry, in place of another one if there is; cleared between the look at its file and its entry, it is taken
   * back, as a download is (T59).
   */
  async #unlessCancelled(entry: ManifestEntry, instead?: ManifestEntry): Promise<boolean> {
    const { store, blobs } = this.#options;
    const keys = [entry.s3_url];
    const running: Running = { key: entry.s3_url, actorId: entry.actor_id, discarded: false };
    this.#running.add(running);
    try {
      if (store.index.get(entry.s3_url) !== instead) return instead === undefined;
      if (instead !== undefined) await store.append({ op: 'delete', keys, reason: 'missing' });
      if (running.discarded) return false;
      await store.append({ op: 'adopt', entry });
      if (!running.discarded) return true;
      const { removed } = await store.append({ op: 'delete', keys, reason: 'invalidated' });
      for (const gone of removed) await blobs.remove(gone);
      await blobs.syncRemoval(removed);
      return false;
    } finally {
      this.#running.delete(running);
    }
  }

  #inspect({ body }: NamedImage): InspectedImage | undefined {
    try {
      return this.#options.inspect(body, 'announced'); // by the digest in its name
    } catch {
      return undefined; // of a type that is not allowed here, or no image at all
    }
  }

  #entryOf(
    { key, filename }: SourceObject,
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

/** Whose folder it is: that of who asks, or of the actor it is named after. */
function ownerOf(folder: string, actorId: string | undefined): string {
  return actorId !== undefined && actorFolder(actorId) === folder ? actorId : folder;
}
