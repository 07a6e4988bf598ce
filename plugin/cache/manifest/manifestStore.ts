import type { ManifestEntry } from '../../protocol.ts';
import type { ManifestChange } from './manifestChange.ts';
import type { ManifestIndex, ManifestQuestion } from './manifestIndex.ts';

/** A change that took effect, and what it put out of use. */
export interface AppliedChange {
  change: ManifestChange;
  /** Entries that are gone, or whose file was replaced by another. */
  removed: ManifestEntry[];
  /** It did nothing: its image was changed or removed after {@link AppendOptions.isCancelled} was asked, or that said so. */
  isRefused?: true;
}

export interface AppendOptions {
  /**
   * Makes a change conditional: asked when all that has been acknowledged so far is known, right before the change is written. What
   * other processes write about its image between that and the change itself cancels it as well.
   */
  isCancelled?: (() => boolean) | undefined;
}

/**
 * Keeps the manifest. Any number of stores, in any number of processes, may share a directory: what one acknowledges
 * the others see at their next {@link ManifestStore.refresh}, and all apply all changes in the same order.
 */
export interface ManifestStore {
  /** What this store knows; read it freely, change it only through {@link ManifestStore.append}. */
  readonly index: ManifestIndex;
  /** Reads what is on disk. A damaged file never makes it fail. */
  open(): Promise<void>;
  /**
   * An entry, as it is at this moment, while {@link ManifestStore.open} is still at it: a large manifest takes seconds
   * to read. `undefined` says nothing; ask the index when it is open.
   */
  findEarly(question: ManifestQuestion): Promise<ManifestEntry | undefined>;
  /**
   * Makes a change. When it resolves the change is durable and applied, or was refused.
   * @throws ImageCacheError CACHE_DISK_FULL or CACHE_UNWRITABLE; then nothing was acknowledged
   */
  append(change: ManifestChange, options?: AppendOptions): Promise<AppliedChange>;
  /** Catches up with what other processes appended. */
  refresh(): Promise<void>;
  /** Brings `manifest.json` up to date and lets go of the files. */
  close(): Promise<void>;
}

/** What a store is told to report to. */
export interface ManifestObserver {
  /**
   * After each change, in order, whoever appended it. A `clear` of very many images is told in parts, of some thousand
   * removed entries each.
   */
  applied(applied: AppliedChange): void;
  /** The directory was emptied or replaced under us, or so much happened that it had to be read anew: these are gone. */
  reset(gone: ManifestEntry[]): void;
  /** Something on disk was bad and has been dealt with. */
  warn(message: string): void;
}
