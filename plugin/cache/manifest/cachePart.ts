import type { ManifestEntry } from '../../protocol.ts';
import type { AppliedChange } from './manifestStore.ts';

/**
 * A part of the cache that lives as long as the manifest is open. `createCacheParts.ts` lists the parts; all callbacks run
 * in that order.
 */
export interface CachePart {
  /** Called once when the manifest is open. It must return quickly. */
  start?(): void;
  /** Called after each change, including the changes of other processes. */
  applied?(applied: AppliedChange): void;
  /** Called with entries that are gone without a change: the directory was emptied, or the journal had to be read again. */
  lost?(gone: readonly ManifestEntry[]): void;
  /** Resolves when the part has stopped. The manifest can be written to until then. */
  close?(): Promise<unknown>;
}
