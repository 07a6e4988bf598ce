import type { ManifestEntry } from '../../protocol.ts';
import type { ManifestChange, PinTarget } from './journalRecord.ts';
import { ShardedMap } from './shardedMap.ts';
import { insidePath } from '../files/layout.ts';
import type { ManifestQuestion } from './manifestStore.ts';
import { actorsOf, parseEntry, withActors } from './manifestEntry.ts';

/**
 * The manifest in memory. It changes by changes from the journal alone, so that every process that reads the same journal
 * holds the same state. Entries are replaced, never changed, but for `last_used_at`.
 */
export class ManifestIndex {
  readonly #byKey = new ShardedMap<ManifestEntry>();
  readonly #byPath = new ShardedMap<ManifestEntry>();
  readonly #byDigest = new ShardedMap<ManifestEntry>();
  /** One copy of each text that many entries hold. */
  readonly #texts = new Map<string, string>();
  readonly #keysOfActor = new Map<string, Set<string>>();
  readonly #bytesOfActor = new Map<string, number>();
  /** Whose images are pinned, also those that are still to come. */
  readonly #pinnedActors = new Set<string>();
  /** What `local_path` begins with, e.g. `.image-cache/`: the directory may have been moved since it was written. */
  readonly #prefix: string;
  #bytes = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get totalBytes(): number {
    return this.#bytes;
  }

  get(key: string): ManifestEntry | undefined {
    return this.#byKey.get(key);
  }

  /** By `local_path`, or by its part inside the cache directory. */
  getByPath(path: string): ManifestEntry | undefined {
    return this.#byPath.get(path.startsWith(this.#prefix) ? path : this.#prefix + path);
  }

  find(question: ManifestQuestion): ManifestEntry | undefined {
    return 'key' in question ? this.get(question.key) : this.getByPath(question.path);
  }

  /** Some entry with exactly these bytes. */
  getByDigest(sha256: string): ManifestEntry | undefined {
    return this.#byDigest.get(sha256);
  }

  values(): IterableIterator<ManifestEntry> {
    return this.#byKey.values();
  }

  /** All entries as they are now. */
  toArray(): ManifestEntry[] {
    // Of the right length from the beginning: one that grows leaves several times its size to be collected (T65).
    const entries: ManifestEntry[] = [];
    entries.length = this.size;
    let n = 0;
    for (const entry of this.values()) entries[n++] = entry;
    return entries;
  }

  /** Those of the actor's images at the time of the call that are still there when they are taken. */
  valuesOf(actor: string): Iterable<ManifestEntry> {
    return this.#valuesOf([...this.keysOf(actor)]);
  }

  actors(): IterableIterator<[actor: string, keys: ReadonlySet<string>]> {
    return this.#keysOfActor.entries();
  }

  keysOf(actor: string): ReadonlySet<string> {
    return this.#keysOfActor.get(actor) ?? new Set();
  }

  /** Bytes of the images that the actor uses, also of those that others use, too. */
  bytesOf(actor: string): number {
    return this.#bytesOfActor.get(actor) ?? 0;
  }

  get pinnedActors(): ReadonlySet<string> {
    return this.#pinnedActors;
  }

  /** Applies a change and tells which entries are gone or replaced by it. */
  apply(change: ManifestChange): ManifestEntry[] {
    switch (change.op) {
      case 'put':
        return this.#put(change.entry);
      case 'adopt':
        return this.get(change.entry.s3_url) === undefined ? this.#put(change.entry) : [];
      case 'claim':
        return this.#claim(change.key, change.actor);
      case 'delete':
        return change.keys.map((key) => this.#delete(key)).filter((entry) => entry !== undefined);
      case 'clear':
        return change.actor === undefined ? this.#clearAll() : this.#clearActor(change.actor);
      case 'pin':
        return this.#pin(change.target, change.pinned);
      case 'use':
        return this.#use(change.keys, change.at);
      default:
        return []; // written by a newer version
    }
  }

  *#valuesOf(keys: readonly string[]): Generator<ManifestEntry> {
    for (const key of keys) {
      const entry = this.get(key);
      if (entry !== undefined) yield entry;
    }
  }

  #put(value: unknown): ManifestEntry[] {
    const entry = parseEntry(value);
    if (entry === undefined) return [];
    const path = insidePath(entry.local_path) ?? '';
    const isPinned =
      entry.pinned === true ||
      this.#byKey.get(entry.s3_url)?.pinned === true ||
      actorsOf(entry).some((actor) => this.#pinnedActors.has(actor));
    const stored = {
      ...entry,
      // The same string, where it is: at a million entries each byte of one counts for a megabyte (T65).
      local_path: entry.local_path.slice(0, -path.length) === this.#prefix ? entry.local_path : this.#prefix + path,
      actor_id: this.#shared(entry.actor_id),
      content_type: this.#shared(entry.content_type),
      ...(isPinned && { pinned: true }),
    };

    const previous = this.#delete(entry.s3_url);
    this.#byKey.set(stored.s3_url, stored);
    this.#byPath.set(stored.local_path, stored);
    this.#byDigest.set(stored.sha256, stored);
    for (const actor of actorsOf(stored)) {
      const keys = this.#keysOfActor.get(actor);
      if (keys === undefined) this.#keysOfActor.set(actor, new Set([stored.s3_url]));
      else keys.add(stored.s3_url);
      this.#bytesOfActor.set(actor, this.bytesOf(actor) + stored.size_bytes);
    }
    this.#bytes += stored.size_bytes;
    return previous === undefined || previous.local_path === stored.local_path ? [] : [previous];
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  #claim(key: string, actor: string): ManifestEntry[] {
    const entry = this.#byKey.get(key);
    if (entry === undefined || actorsOf(entry).includes(actor)) return [];
    return this.#put(withActors(entry, [...actorsOf(entry), actor]));
  }

  #delete(key: string): ManifestEntry | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#byKey.delete(key);
    if (this.#byPath.get(entry.local_path) === entry) this.#byPath.delete(entry.local_path);
    if (this.#byDigest.get(entry.sha256) === entry) this.#byDigest.delete(entry.sha256);
    for (const actor of actorsOf(entry)) {
      const keys = this.#keysOfActor.get(actor);
      keys?.delete(key);
      this.#bytesOfActor.set(actor, this.bytesOf(actor) - entry.size_bytes);
      if (keys === undefined || keys.size > 0) continue;
      this.#keysOfActor.delete(actor);
      this.#bytesOfActor.delete(actor);
    }
    this.#bytes -= entry.size_bytes;
    return entry;
  }

  #clearAll(): ManifestEntry[] {
    const gone = this.toArray();
    this.#byKey.clear();
    this.#byPath.clear();
    this.#byDigest.clear();
    this.#texts.clear();
    this.#keysOfActor.clear();
    this.#bytesOfActor.clear();
    this.#pinnedActors.clear();
    this.#bytes = 0;
    return gone;
  }

  #clearActor(actor: string): ManifestEntry[] {
    this.#pinnedActors.delete(actor);
    const gone: ManifestEntry[] = [];
    for (const key of this.keysOf(actor)) {
      const entry = this.#delete(key);
      if (entry === undefined) continue;
      const others = actorsOf(entry).filter((other) => other !== actor);
      if (others.length === 0) gone.push(entry);
      else this.#put(withActors(entry, others));
    }
    return gone;
  }

  #pin(target: PinTarget, pinned: boolean): ManifestEntry[] {
    if ('key' in target) {
      this.#setPinned(target.key, pinned);
      return [];
    }
    if (pinned) this.#pinnedActors.add(target.actor);
    else this.#pinnedActors.delete(target.actor);
    const keys = [...this.keysOf(target.actor)]; // the set changes with each of them
    for (const key of keys) this.#setPinned(key, pinned);
    return [];
  }

  /** What another actor has pinned stays so. */
  #setPinned(key: string, pinned: boolean): void {
    const entry = this.#delete(key);
    if (entry === undefined) return;
    const { pinned: _, ...unpinned } = entry;
    this.#put(pinned ? { ...unpinned, pinned } : unpinned);
  }

  #use(keys: readonly string[], at: number): ManifestEntry[] {
    for (const key of keys) {
      const entry = this.#byKey.get(key);
      if (entry !== undefined) entry.last_used_at = Math.max(entry.last_used_at, at);
    }
    return [];
  }
}
