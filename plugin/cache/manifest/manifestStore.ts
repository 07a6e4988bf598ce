import type { ManifestEntry } from '../../protocol.ts';
import type { ManifestChange } from './manifestChange.ts';
import type { ManifestIndex, ManifestQuestion } from './manifestIndex.ts';

/** A change that took effect, and the entries that it removed or replaced. */
export interface AppliedChange {
  change: ManifestChange;
  /** Entries that are gone, or whose file was replaced by another. */
  removed: ManifestEntry[];
  /**
   * The change did nothing: {@link AppendOptions.isCancelled} returned true, or its image was changed or removed after that
   * was asked.
   */
  isRefused?: true;
  /** This store has made the change, and no other process. */
  isOwn?: true;
}

export interface AppendOptions {
  /**
   * Makes a change conditional. It is called right before the change is written, when every change acknowledged so far is
   * known. A record about the same image that another process writes between this call and the change cancels the change as
   * well.
   */
  isCancelled?: (() => boolean) | undefined;
}

/**
 * Keeps the manifest. Any number of stores, in any number of processes, may share a directory. The others see an
 * acknowledged change at their next {@link ManifestStore.refresh}, and all apply all changes in the same order.
 */
export interface ManifestStore {
  /** The state that this store knows. Read it freely; change it only through {@link ManifestStore.append}. */
  readonly index: ManifestIndex;
  /** Reads the manifest from disk. A damaged file never makes it fail. */
  open(): Promise<void>;
  /**
   * Looks up an entry, as it is now, while {@link ManifestStore.open} is still running: a large manifest takes seconds to
   * read. `undefined` means that it is not known yet; ask the index when it is open.
   */
  findEarly(question: ManifestQuestion): Promise<ManifestEntry | undefined>;
  /**
   * Makes a change. When the promise resolves, the change is durable and applied, or was refused.
   * @throws ImageCacheError CACHE_DISK_FULL or CACHE_UNWRITABLE; then nothing was acknowledged
   */
  append(change: ManifestChange, options?: AppendOptions): Promise<AppliedChange>;
  /** Reads the changes that other processes have appended. */
  refresh(): Promise<void>;
  /** Brings `manifest.json` up to date and closes the files. */
  close(): Promise<void>;
}

/** Callbacks of a store. */
export interface ManifestObserver {
  /**
   * Called after each change, in order, including the changes of other processes. A `clear` of very many images is reported
   * in parts of some thousand removed entries each.
   */
  applied(applied: AppliedChange): void;
  /**
   * Called with the entries that are gone without a change: the directory was emptied or replaced, or the journal had to be
   * read again from its beginning.
   */
  reset(gone: ManifestEntry[]): void;
  /** Called with a message when a damaged file was found and dealt with. */
  warn(message: string): void;
}
