import type { CompressionStats, ImageMeta, ManifestEntry } from '../../protocol.ts';
import { CompressionTotals } from './compressionTotals.ts';
import { inBatches } from '../queue/batches.ts';
import { ActorIndex } from './actorIndex.ts';
import { DigestIndex } from './digestIndex.ts';
import type { ManifestChange, PinTarget } from './manifestChange.ts';
import type { ReadonlyKeySet } from './keySet.ts';
import { ShardedMap } from './shardedMap.ts';
import { insidePath } from '../files/layout.ts';
import { MAX_ACTORS, actorsOf, canClaim, parseEntry, withActors, withinLimit } from './manifestEntry.ts';

/** Names an image by its `local_path` (see {@link ManifestIndex.getByPath}) or by its key. */
export type ManifestQuestion = { path: string } | { key: string };

/** Times in milliseconds since the epoch; 0 for never or unknown. */
export interface RemovalTimes {
  /** Time of the last invalidation or clear. */
  removedAt: number;
  /** Time of the last invalidation. An image had changed then, or may have. */
  invalidatedAt: number;
}

/**
 * The manifest in memory. Only changes from the journal alter it, so every process that reads the same journal holds the
 * same state. Entries are replaced, not modified, except for `last_used_at`, `validated_at` and `etag`.
 */
export class ManifestIndex {
  readonly #byKey = new ShardedMap<ManifestEntry>();
  readonly #byPath = new ShardedMap<ManifestEntry>();
  readonly #byDigest = new DigestIndex();
  /** Keeps one copy of each text that many entries share. */
  readonly #texts = new Map<string, string>();
  readonly #actors = new ActorIndex();
  /** Actors whose images are pinned, including images that they get later. */
  readonly #pinnedActors = new Set<string>();
  /** Prefix of every `local_path`, e.g. `.image-cache/`. The directory may have been moved since a path was written. */
  readonly #prefix: string;
  readonly #removals = { removedAt: 0, invalidatedAt: 0 };
  readonly #compression = new CompressionTotals();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Bytes of the files; one that several entries share counts once. */
  get totalBytes(): number {
    return this.#byDigest.bytes;
  }

  get removals(): Readonly<RemovalTimes> {
    return this.#removals;
  }

  get compression(): CompressionStats {
    return this.#compression.stats;
  }

  get(key: string): ManifestEntry | undefined {
    return this.#byKey.get(key);
  }

  /** Looks up an entry by its `local_path`, or by the part of it that lies inside the cache directory. */
  getByPath(path: string): ManifestEntry | undefined {
    return this.#byPath.get(path.startsWith(this.#prefix) ? path : this.#prefix + path);
  }

  find(question: ManifestQuestion): ManifestEntry | undefined {
    return 'key' in question ? this.get(question.key) : this.getByPath(question.path);
  }

  /** Returns any entry with exactly these bytes. */
  getByDigest(sha256: string): ManifestEntry | undefined {
    return this.#byDigest.get(sha256);
  }

  values(): IterableIterator<ManifestEntry> {
    return this.#byKey.values();
  }

  /** All entries, in arrays of some ten thousand. Entries that are removed meanwhile may be among them. */
  batches(): Iterable<readonly ManifestEntry[]> {
    return this.#byKey.batches();
  }

  /** All entries as they are now. */
  toArray(): ManifestEntry[] {
    return this.#byKey.toArray();
  }

  /** Yields the images that the actor has now. Images that are removed during the iteration are skipped. */
  valuesOf(actor: string): Iterable<ManifestEntry> {
    return this.#valuesOf(this.keysOf(actor).toArray());
  }

  actors(): IterableIterator<[actor: string, keys: ReadonlyKeySet]> {
    return this.#actors.entries();
  }

  keysOf(actor: string): ReadonlyKeySet {
    return this.#actors.keysOf(actor);
  }

  /** Bytes of all images that the actor uses, including images that other actors use as well. */
  bytesOf(actor: string): number {
    return this.#actors.bytesOf(actor);
  }

  get pinnedActors(): ReadonlySet<string> {
    return this.#pinnedActors;
  }

  /** Applies a change and returns the entries that it removed or replaced. */
  apply(change: ManifestChange): ManifestEntry[] {
    switch (change.op) {
      case 'put':
        return this.#put(change.entry);
      case 'adopt':
        return this.get(change.entry.s3_url) === undefined ? this.#put(change.entry) : [];
      case 'claim':
        return this.#claim(change.key, change.actor);
      case 'validate':
        return this.#validate(change);
      case 'replace':
        return this.#replace(change.entry, change.sha256);
      case 'placeholder':
        return change.images.flatMap((image) => this.#setPlaceholder(image));
      case 'meta':
        return this.#setMeta(change.key, change.meta);
      case 'delete':
        if (change.reason === 'invalidated') this.noteRemovals({ removedAt: change.at, invalidatedAt: change.at });
        return change.keys.map((key) => this.#delete(key)).filter((entry) => entry !== undefined);
      case 'use':
        return this.#use(change);
      case 'clear':
      case 'pin':
        return [...this.steps(change)].flat();
      default:
        return []; // a change of a newer version
    }
  }

  /**
   * Like {@link ManifestIndex.apply}, in steps: a change to a million entries must not block the event loop (T65). There is
   * at least one step, and the caller must take all of them before it applies the next change.
   */
  steps(change: ManifestChange): Iterable<ManifestEntry[]> {
    if (change.op === 'clear') this.noteRemovals({ removedAt: change.at });
    if (change.op === 'clear') return change.actor === undefined ? this.#clearAll() : this.#clearActor(change.actor);
    if (change.op === 'pin') return this.#pin(change.target, change.pinned);
    return [this.apply(change)];
  }

  noteRemovals({ removedAt = 0, invalidatedAt = 0 }: { [Time in keyof RemovalTimes]?: number | undefined }): void {
    this.#removals.removedAt = Math.max(this.#removals.removedAt, removedAt);
    this.#removals.invalidatedAt = Math.max(this.#removals.invalidatedAt, invalidatedAt);
  }

  *#valuesOf(keys: readonly string[]): Generator<ManifestEntry> {
    for (const key of keys) {
      const entry = this.get(key);
      if (entry !== undefined) yield entry;
    }
  }

  #put(value: unknown): ManifestEntry[] {
    const parsed = parseEntry(value);
    if (parsed === undefined) return [];
    // A record that is older than this limit may name more actors.
    const actors = actorsOf(parsed);
    const entry = actors.length > MAX_ACTORS ? withActors(parsed, withinLimit(actors, this.#pinnedActors)) : parsed;
    const path = insidePath(entry.local_path) ?? '';
    const known = this.#byKey.get(entry.s3_url);
    const meta = entry.meta ?? known?.meta;
    const isPinned =
      entry.pinned === true || known?.pinned === true || actorsOf(entry).some((actor) => this.#pinnedActors.has(actor));
    const stored = {
      ...entry,
      // Reuse the string that is there: at a million entries each byte of an entry costs a megabyte (T65).
      local_path: entry.local_path.slice(0, -path.length) === this.#prefix ? entry.local_path : this.#prefix + path,
      actor_id: this.#shared(entry.actor_id),
      content_type: this.#shared(entry.content_type),
      ...(isPinned && { pinned: true }),
      ...(meta !== undefined && { meta }),
    };

    const previous = this.#delete(entry.s3_url);
    this.#byKey.set(stored.s3_url, stored);
    this.#byPath.set(stored.local_path, stored);
    this.#byDigest.add(stored);
    this.#actors.add(stored);
    this.#compression.add(stored);
    return previous === undefined || previous.local_path === stored.local_path ? [] : [previous];
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  #claim(key: string, actor: string): ManifestEntry[] {
    const entry = this.#byKey.get(key);
    if (entry === undefined || !canClaim(entry, actor, this.#pinnedActors)) return [];
    return this.#put(withActors(entry, withinLimit([...actorsOf(entry), actor], this.#pinnedActors)));
  }

  #validate({ key, sha256, etag, at }: Extract<ManifestChange, { op: 'validate' }>): ManifestEntry[] {
    const entry = this.#byKey.get(key);
    if (entry?.sha256 === sha256) Object.assign(entry, { etag, validated_at: at });
    return [];
  }

  /** Skips images that were cleared meanwhile, or whose bytes were replaced by others. */
  #replace(value: unknown, sha256: string): ManifestEntry[] {
    const entry = parseEntry(value);
    const current = entry === undefined ? undefined : this.#byKey.get(entry.s3_url);
    if (entry === undefined || current?.sha256 !== sha256) return [];
    return this.#put({ ...withActors(entry, actorsOf(current)), last_used_at: current.last_used_at });
  }

  /** Skips images whose bytes have changed meanwhile: they look different. */
  #setPlaceholder({ key, sha256, placeholder }: { key: string; sha256: string; placeholder: string }): ManifestEntry[] {
    const entry = this.#byKey.get(key);
    return entry?.sha256 === sha256 ? this.#put({ ...entry, placeholder }) : [];
  }

  #setMeta(key: string, meta: ImageMeta): ManifestEntry[] {
    const entry = this.#delete(key); // the new entry inherits pins and fields from the old one
    if (entry === undefined) return [];
    const { meta: _, ...rest } = entry;
    return this.#put(Object.keys(meta).length === 0 ? rest : { ...rest, meta });
  }

  #delete(key: string): ManifestEntry | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#byKey.delete(key);
    if (this.#byPath.get(entry.local_path) === entry) this.#byPath.delete(entry.local_path);
    this.#byDigest.remove(entry);
    this.#actors.remove(entry);
    this.#compression.remove(entry);
    return entry;
  }

  *#clearAll(): Generator<ManifestEntry[]> {
    const gone = this.toArray();
    this.#byKey.clear();
    this.#byPath.clear();
    this.#byDigest.clear();
    this.#texts.clear();
    this.#actors.clear();
    this.#pinnedActors.clear();
    this.#compression.clear();
    yield* inBatches(gone);
  }

  *#clearActor(actor: string): Generator<ManifestEntry[]> {
    this.#pinnedActors.delete(actor);
    for (const keys of inBatches(this.keysOf(actor).toArray())) {
      yield keys.map((key) => this.#release(key, actor)).filter((entry) => entry !== undefined);
    }
  }

  /** Removes the actor from an image. Returns the entry if the image has no other actor and was therefore removed. */
  #release(key: string, actor: string): ManifestEntry | undefined {
    const entry = this.#delete(key);
    if (entry === undefined) return undefined;
    const others = actorsOf(entry).filter((other) => other !== actor);
    if (others.length === 0) return entry;
    this.#put(withActors(entry, others));
    return undefined;
  }

  *#pin(target: PinTarget, pinned: boolean): Generator<ManifestEntry[]> {
    if ('key' in target) {
      this.#setPinned(target.key, pinned);
      yield [];
      return;
    }
    if (pinned) this.#pinnedActors.add(target.actor);
    else this.#pinnedActors.delete(target.actor);
    for (const keys of inBatches(this.keysOf(target.actor).toArray())) {
      for (const key of keys) this.#setPinned(key, pinned);
      yield [];
    }
  }

  /**
   * An image that another actor has pinned stays pinned. The new entry takes the place of the old one in each map: to remove
   * and add it would let all maps that are full grow in the same step.
   */
  #setPinned(key: string, pinned: boolean): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    const { pinned: _, ...unpinned } = entry;
    const isPinned = pinned || actorsOf(entry).some((actor) => this.#pinnedActors.has(actor));
    const next = isPinned ? { ...unpinned, pinned: true } : unpinned;
    this.#byKey.set(key, next);
    if (this.#byPath.get(entry.local_path) === entry) this.#byPath.set(entry.local_path, next);
    this.#byDigest.replace(entry, next);
  }

  #use({ keys, ages = [], at }: Extract<ManifestChange, { op: 'use' }>): ManifestEntry[] {
    for (const [n, key] of keys.entries()) {
      const entry = this.#byKey.get(key);
      if (entry !== undefined) entry.last_used_at = Math.max(entry.last_used_at, at - (ages[n] ?? 0));
    }
    return [];
  }
}
