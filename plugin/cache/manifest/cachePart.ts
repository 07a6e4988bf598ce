import type { ManifestEntry } from '../../protocol.ts';
import type { AppliedChange } from './manifestStore.ts';

/** A part of the cache that lives as long as the manifest is open. `createCacheParts.ts` lists them, in this order for all of it. */
export interface CachePart {
  /** Called once the manifest is open; must not hold it up. */
  start?(): void;
  /** Hears of every change when it has taken effect, whichever process made it. */
  applied?(applied: AppliedChange): void;
  /** These entries are gone without a change that told of it: the directory was emptied, or the journal had to be read anew. */
  lost?(gone: readonly ManifestEntry[]): void;
  /** Resolves when nothing goes on any more; the manifest may be written to until then. */
  close?(): Promise<unknown>;
}
