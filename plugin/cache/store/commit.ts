import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobStore.ts';
import type { WrittenBlob } from '../files/blobWriter.ts';
import { errnoOf, fileError } from '../files/fileError.ts';
import { insidePath } from '../files/layout.ts';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { AppliedChange, ManifestStore } from '../manifest/manifestStore.ts';
import type { ImageStore } from './imageStore.ts';

/** A write of an image, from before its bytes are requested until its entry is written. */
export interface PendingWrite {
  readonly key: string;
  readonly actorId: string;
  /** The entry that was in the manifest when the write began. */
  readonly from: ManifestEntry | undefined;
  /** True if the image was invalidated or cleared after the write began, by this or another process. */
  readonly isCancelled: boolean;
}

/** The outcome of a write. The bytes belong to the returned entry only if the digest is the same. */
export type Commit =
  | { status: 'stored'; entry: ManifestEntry }
  /** Another process has stored the image since the write began: its entry counts, and may have other bytes. */
  | { status: 'superseded'; entry: ManifestEntry }
  /** The image was invalidated or cleared since the write began, or the directory was removed by hand. Nothing of it is cached. */
  | { status: 'cancelled' };

export interface CommitterOptions {
  store: ManifestStore;
  blobs: BlobStore;
  imageStore: ImageStore;
  /** Called with the key of a write that was cancelled: later requests for the image must not get its bytes. */
  cancelled: (key: string) => void;
}

const CANCELLED: Commit = { status: 'cancelled' };

/**
 * The only way to commit an image: file first, entry second, so that an entry means that the file exists. The entry is
 * written only if the image is still as it was when the write began: not invalidated, not cleared, and not stored by another
 * process since (T59, R1 to R4). The journal decides this in one order for all processes (see `manifest/logChanges.ts`), so
 * it even holds for a process that was suspended for an hour. If the entry is refused, the file is removed again.
 */
export class Committer implements CachePart {
  readonly #options: CommitterOptions;
  readonly #writes = new Set<{ -readonly [Field in keyof PendingWrite]: PendingWrite[Field] }>();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Call this before the bytes are requested, and {@link Committer.end} afterwards, whatever the outcome. */
  begin(key: string, actorId: string): PendingWrite {
    const write = { key, actorId, from: this.#options.store.index.get(key), isCancelled: false };
    this.#writes.add(write);
    return write;
  }

  end(write: PendingWrite): void {
    this.#writes.delete(write);
  }

  /** Notes each change, including the changes of other processes. */
  applied({ change }: AppliedChange): void {
    if (change.op === 'delete' || change.op === 'clear') this.#cancel((write) => removes(change, write));
  }

  /** The journal was read again. Removals in between were not seen, so any image may have been removed. */
  reset(): void {
    this.#cancel(() => true);
  }

  #cancel(isRemoved: (write: PendingWrite) => boolean): void {
    for (const write of this.#writes) {
      if (write.isCancelled || !isRemoved(write)) continue;
      write.isCancelled = true;
      this.#options.cancelled(write.key);
    }
  }

  /** Stores an image that was downloaded. @throws ImageCacheError for a disk that is full or cannot be written */
  put(write: PendingWrite, entry: ManifestEntry, blob: WrittenBlob): Promise<Commit> {
    return this.#commit({ write, change: { op: 'put', entry }, blob, isCancelled: () => this.#isOutdated(write) });
  }

  /**
   * Replaces an image by other bytes, or by another file with the same ones, for all of its actors.
   * @param known the entry to replace; if it is no longer in the manifest, nothing happens
   * @param blob absent if the file is already in place
   */
  replace(
    write: PendingWrite,
    { known, entry, blob }: { known: ManifestEntry; entry: ManifestEntry; blob?: WrittenBlob },
  ): Promise<Commit> {
    const change: Change = { op: 'replace', entry, sha256: known.sha256 };
    return this.#commit({ write, change, blob, isCancelled: () => write.isCancelled });
  }

  /** Registers a file that is already in the directory. */
  adopt(write: PendingWrite, entry: ManifestEntry): Promise<Commit> {
    const change: Change = { op: 'adopt', entry };
    return this.#commit({ write, change, blob: undefined, isCancelled: () => this.#isOutdated(write) });
  }

  async #commit({ write, change, blob, isCancelled }: CommitRequest): Promise<Commit> {
    const { store, blobs, imageStore } = this.#options;
    const { entry } = change;
    if (isCancelled()) return this.#outcome(write, entry);
    if (blob !== undefined && !(await this.#place(blob, entry))) return CANCELLED;
    try {
      const { removed } = await store.append(change, { isCancelled });
      await imageStore.remove(removed);
      await blobs.syncRemoval(removed);
    } finally {
      if (blob !== undefined) await this.#removeUnlessListed(entry);
    }
    const outcome = this.#outcome(write, entry);
    if (blob === undefined || outcome.status !== 'stored') return outcome;
    // Another process that had removed an earlier file of this name may have taken this one before its entry was written.
    return (await imageStore.isThere(outcome.entry)) ? outcome : CANCELLED;
  }

  /** Gives the file its final name. Returns false if the directory was removed by hand, which is a valid way to clear it (T55). */
  async #place(blob: WrittenBlob, { local_path }: ManifestEntry): Promise<boolean> {
    const { store, blobs } = this.#options;
    const twin = store.index.getByDigest(blob.sha256);
    try {
      await blobs.store(
        blob,
        insidePath(local_path) ?? '',
        twin === undefined ? undefined : insidePath(twin.local_path),
      );
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw fileError(error);
    }
  }

  /** A file without an entry would be adopted again (T59), and eviction on a full disk would not see it (T56). */
  async #removeUnlessListed(entry: ManifestEntry): Promise<void> {
    const { store, blobs, imageStore } = this.#options;
    if (store.index.getByPath(entry.local_path) !== undefined) return;
    await imageStore.remove([entry]);
    await blobs.syncRemoval([entry]);
  }

  #outcome({ key }: PendingWrite, { local_path, sha256 }: ManifestEntry): Commit {
    const current = this.#options.store.index.get(key);
    if (current === undefined) return CANCELLED;
    const isStored = insidePath(current.local_path) === insidePath(local_path) && current.sha256 === sha256;
    return { status: isStored ? 'stored' : 'superseded', entry: current };
  }

  /** True if the image was removed since the write began, or has an entry now that did not exist then. */
  #isOutdated({ key, from, isCancelled }: PendingWrite): boolean {
    const current = this.#options.store.index.get(key);
    return isCancelled || (current !== undefined && current.local_path !== from?.local_path);
  }
}

type Change = Extract<ManifestChange, { op: 'put' | 'replace' | 'adopt' }>;

interface CommitRequest {
  write: PendingWrite;
  change: Change;
  blob: WrittenBlob | undefined;
  isCancelled: () => boolean;
}

/** True if the change removes the image that is being written. */
function removes(change: ManifestChange, { key, actorId }: PendingWrite): boolean {
  if (change.op === 'delete') return change.reason === 'invalidated' && change.keys.includes(key);
  return change.op === 'clear' && (change.actor === undefined || change.actor === actorId);
}
