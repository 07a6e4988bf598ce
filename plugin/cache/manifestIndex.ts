import type { ManifestEntry } from '../protocol.ts';
import type { ManifestChange } from './journalRecord.ts';
import { insidePath } from './layout.ts';
import { actorsOf, parseEntry, withActors } from './manifestEntry.ts';

/**
 * The manifest in memory. It changes by changes from the journal alone, so that every process that reads the same journal
 * holds the same state. Entries are replaced, never changed, but for `last_used_at`.
 */
export class ManifestIndex {
  readonly #byKey = new Map<string, ManifestEntry>();
  readonly #byPath = new Map<string, ManifestEntry>();
  readonly #byDigest = new Map<string, ManifestEntry>();
  readonly #keysOfActor = new Map<string, Set<string>>();
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
    return this.#byPath.get(path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : path);
  }

  /** Some entry with exactly these bytes. */
  getByDigest(sha256: string): ManifestEntry | undefined {
    return this.#byDigest.get(sha256);
  }

  values(): IterableIterator<ManifestEntry> {
    return this.#byKey.values();
  }

  actors(): IterableIterator<[actor: string, keys: ReadonlySet<string>]> {
    return this.#keysOfActor.entries();
  }

  keysOf(actor: string): ReadonlySet<string> {
    return this.#keysOfActor.get(actor) ?? new Set();
  }

  /** Applies a change and tells which entries are gone or replaced by it. */
  apply(change: ManifestChange): ManifestEntry[] {
    switch (change.op) {
      case 'put':
        return this.#put(change.entry);
      case 'claim':
        return this.#claim(change.key, change.actor);
      case 'delete':
        return change.keys.map((key) => this.#delete(key)).filter((entry) => entry !== undefined);
      case 'clear':
        return change.actor === undefined ? this.#clearAll() : this.#clearActor(change.actor);
      default:
        return []; // written by a newer version
    }
  }

  #put(value: unknown): ManifestEntry[] {
    const entry = parseEntry(value);
    if (entry === undefined) return [];
    const path = insidePath(entry.local_path) ?? '';
    const stored = { ...entry, local_path: this.#prefix + path };

    const previous = this.#delete(entry.s3_url);
    this.#byKey.set(stored.s3_url, stored);
    this.#byPath.set(path, stored);
    this.#byDigest.set(stored.sha256, stored);
    for (const actor of actorsOf(stored)) {
      const keys = this.#keysOfActor.get(actor);
      if (keys === undefined) this.#keysOfActor.set(actor, new Set([stored.s3_url]));
      else keys.add(stored.s3_url);
    }
    this.#bytes += stored.size_bytes;
    return previous === undefined || previous.local_path === stored.local_path ? [] : [previous];
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
    const path = entry.local_path.slice(this.#prefix.length);
    if (this.#byPath.get(path) === entry) this.#byPath.delete(path);
    if (this.#byDigest.get(entry.sha256) === entry) this.#byDigest.delete(entry.sha256);
    for (const actor of actorsOf(entry)) {
      const keys = this.#keysOfActor.get(actor);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOfActor.delete(actor);
    }
    this.#bytes -= entry.size_bytes;
    return entry;
  }

  #clearAll(): ManifestEntry[] {
    const gone = [...this.#byKey.values()];
    this.#byKey.clear();
    this.#byPath.clear();
    this.#byDigest.clear();
    this.#keysOfActor.clear();
    this.#bytes = 0;
    return gone;
  }

  #clearActor(actor: string): ManifestEntry[] {
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
}
