import { ImageCacheError } from '../errors.ts';
import type { ClearAnswer } from '../protocol.ts';
import type { Adoption } from './discovery/adoption.ts';
import type { BlobStore } from './files/blobStore.ts';
import type { Discovery } from './discovery/discovery.ts';
import type { ManifestChange } from './manifest/manifestChange.ts';
import { fileClock } from './files/fileClock.ts';
import { keyDigest } from './files/layout.ts';
import type { SharedManifest } from './manifest/sharedManifest.ts';
import { actorsOf } from './manifest/manifestEntry.ts';
import type { AppliedChange } from './manifest/manifestStore.ts';
import type { ImageStore } from './store/imageStore.ts';
import type { VariantStore } from './variants/variantStore.ts';

export interface RemovalOptions {
  /** The cache directory. */
  dir: string;
  manifest: SharedManifest;
  imageStore: ImageStore;
  variants: VariantStore;
  blobs: BlobStore;
  discovery: Discovery;
  adoption: Adoption;
}

/** Removes images on request: their entries, their files, and files without an entry. */
export class Removal {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** Removes one image. Returns the number of removed entries and of removed files without an entry. */
  async invalidate(key: string): Promise<number> {
    const { manifest, imageStore, variants, blobs, discovery, adoption } = this.#options;
    await manifest.open();
    const at = await this.#now();
    const { removed } = await manifest.store.append({
      op: 'delete',
      keys: [key],
      reason: 'invalidated',
      at,
    });
    await imageStore.remove(removed);
    await variants.removeOf(removed);
    // This happens after the record was written: another process may have been killed before it wrote an entry, or in the
    // middle of a removal (R4). In a directory that takes long to read, some files may be missed here; they are never
    // adopted (see `Tombstones`).
    const leftOver = await discovery.leftOver(keyDigest(key));
    const discarded = await adoption.discard(leftOver);
    await blobs.syncRemoval(removed, leftOver);
    return removed.length + discarded.files;
  }

  /** Removes the images that only this actor uses; without an actor, all images. */
  async clear(actorId: string | undefined): Promise<ClearAnswer> {
    const { manifest, imageStore, variants, blobs, discovery, adoption } = this.#options;
    const index = await manifest.refreshed();
    const before = actorId === undefined ? index.size : index.keysOf(actorId).size;
    const { removed } = await this.#appendClear(actorId);
    await imageStore.remove(removed);
    const variantBytes = await variants.removeOf(removed);
    await discovery.scan(); // after the record was written, as in `invalidate`
    const unclaimed = [...discovery.pathsOf(actorId)];
    const discarded = await adoption.discard(unclaimed);
    await blobs.syncRemoval(removed, unclaimed);
    return {
      cleared: removed.length + discarded.files,
      freed_bytes: removed.reduce((sum, entry) => sum + entry.size_bytes, discarded.bytes + variantBytes),
      kept: Math.max(0, before - removed.length),
    };
  }

  /** The time of a removal. Files that are older are not adopted afterwards. */
  async #now(): Promise<number> {
    return (await fileClock(this.#options.dir)) ?? Date.now();
  }

  /** A full disk has no room for the record of a removal either. Then the files are removed first, which makes room. */
  async #appendClear(actorId: string | undefined): Promise<AppliedChange> {
    const { blobs, manifest } = this.#options;
    const at = await this.#now();
    const change: ManifestChange = { op: 'clear', at, ...(actorId !== undefined && { actor: actorId }) };
    try {
      return await manifest.store.append(change);
    } catch (error) {
      if (ImageCacheError.from(error).code !== 'CACHE_DISK_FULL') throw error;
      const { index } = manifest.store;
      for (const entry of actorId === undefined ? index.toArray() : index.valuesOf(actorId)) {
        if (actorId === undefined || actorsOf(entry).length === 1) await blobs.remove(entry);
      }
      return manifest.store.append(change);
    }
  }
}
