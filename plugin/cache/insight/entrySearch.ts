import { ImageCacheError } from '../../errors.ts';
import type { EntriesQuery, EntryOrder } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import { createMutex } from '../queue/mutex.ts';
import { BestOf } from './bestOf.ts';

/** How many entries of an order can be looked at. More of them are no list that anybody reads; a filter finds the others. */
export const MAX_REACHABLE = 10_000;
/** Results that are kept, and for how long, so that the pages of one result belong together. */
const MAX_RESULTS = 4;
const KEPT_MS = 60_000;
/** Uses are no changes of the manifest, so an order by use is out of date sooner. */
const USED_KEPT_MS = 2000;
/** Entries between two looks at the clock. */
const LOOK_EVERY = 64;

/** A question without its page. */
export type Search = Pick<EntriesQuery, 'actor' | 'kind' | 'order' | 'text'>;

export interface SearchResult {
  /** The revision of the manifest at the beginning of the search. */
  revision: number;
  matched: number;
  matchedBytes: number;
  /** The first of the order, at most 10,000. */
  entries: readonly ManifestEntry[];
}

export interface EntrySearchOptions {
  index: () => ManifestIndex;
  revision: () => number;
  isStale: (entry: ManifestEntry) => boolean;
}

interface Kept {
  key: string;
  revision: number;
  at: number;
  result: Promise<SearchResult>;
}

const BY: Record<EntryOrder, (a: ManifestEntry, b: ManifestEntry) => number> = {
  used: (a, b) => b.last_used_at - a.last_used_at,
  stored: (a, b) => b.cached_at - a.cached_at,
  size: (a, b) => b.size_bytes - a.size_bytes,
  name: (a, b) => byText(a.filename, b.filename) || byText(a.s3_url, b.s3_url),
};

/**
 * Searches the manifest, however large it is: all entries are looked at and counted, in slices that never block the event loop, and the
 * first ones of the order are kept. One search runs at a time. Of those that wait, the newest {@link MAX_RESULTS} are run: somebody who
 * types into a filter has left the earlier ones.
 */
export class EntrySearch {
  readonly #options: EntrySearchOptions;
  readonly #exclusively = createMutex();
  #kept: Kept[] = [];

  constructor(options: EntrySearchOptions) {
    this.#options = options;
  }

  /**
   * @param revision of an earlier result, to get more of it; `undefined`: the newest
   * @throws ImageCacheError OVERLOADED when too many newer searches have come before this one could begin
   */
  find(search: Search, revision?: number): Promise<SearchResult> {
    const { actor, kind = 'all', order = 'used', text = '' } = search;
    const key = JSON.stringify([actor, kind, order, text]);
    this.#forgetOld();
    const known = this.#kept.find((each) => each.key === key && this.#isFit(each, order, revision));
    if (known !== undefined) return known.result;
    const result = this.#exclusively(() => {
      if (this.#kept.includes(fresh)) return this.#search({ ...search, kind, order, text });
      throw new ImageCacheError('OVERLOADED', 'Too many newer searches have come.', { hint: 'Search again.' });
    });
    const fresh: Kept = { key, revision: this.#options.revision(), at: performance.now(), result };
    this.#kept = [fresh, ...this.#kept.filter((each) => each.key !== key || each.revision !== fresh.revision)].slice(
      0,
      MAX_RESULTS,
    );
    result.catch(() => (this.#kept = this.#kept.filter((each) => each !== fresh)));
    setTimeout(() => this.#forgetOld(), KEPT_MS + 1).unref();
    return result;
  }

  #isFit(kept: Kept, order: EntryOrder, revision: number | undefined): boolean {
    if (revision !== undefined) return kept.revision === revision;
    const age = performance.now() - kept.at;
    return kept.revision === this.#options.revision() && (order !== 'used' || age < USED_KEPT_MS);
  }

  /** They hold entries that may be gone. */
  #forgetOld(): void {
    this.#kept = this.#kept.filter(({ at }) => performance.now() - at < KEPT_MS);
  }

  async #search({ actor, kind, order = 'used', text = '' }: Search): Promise<SearchResult> {
    const index = this.#options.index();
    const revision = this.#options.revision();
    const accepts = this.#filter(kind, text);
    const best = new BestOf(MAX_REACHABLE, BY[order]);
    const timeSlice = new TimeSlice();
    let looked = 0;
    let matched = 0;
    let matchedBytes = 0;
    for (const batch of actor === undefined ? index.batches() : [index.valuesOf(actor)]) {
      for (const entry of batch) {
        looked += 1;
        // Looked-at entries count, not matches: a text that matches nothing must not block either.
        if (looked % LOOK_EVERY === 0 && timeSlice.isOver) await timeSlice.yield();
        if (!accepts(entry)) continue;
        matched += 1;
        matchedBytes += entry.size_bytes;
        best.offer(entry);
      }
    }
    return { revision, matched, matchedBytes, entries: best.sorted() };
  }

  #filter(kind: Search['kind'], text: string): (entry: ManifestEntry) => boolean {
    const { isStale } = this.#options;
    const isOfKind =
      kind === 'pinned' ? ({ pinned }: ManifestEntry) => pinned === true : kind === 'stale' ? isStale : () => true;
    const wanted = text.toLowerCase();
    return text === '' ? isOfKind : (entry) => isOfKind(entry) && hasText(entry, wanted);
  }
}

function hasText({ s3_url, filename, actor_id }: ManifestEntry, text: string): boolean {
  return (
    s3_url.toLowerCase().includes(text) ||
    filename.toLowerCase().includes(text) ||
    actor_id.toLowerCase().includes(text)
  );
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
