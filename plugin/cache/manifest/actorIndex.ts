import type { ManifestEntry } from '../../protocol.ts';
import { KeySet, type ReadonlyKeySet } from './keySet.ts';
import { actorsOf } from './manifestEntry.ts';

const NO_KEYS: ReadonlyKeySet = new KeySet();

/** The images that each actor uses, and their total bytes. An image with several actors counts for each of them. */
export class ActorIndex {
  readonly #keys = new Map<string, KeySet>();
  readonly #bytes = new Map<string, number>();

  entries(): IterableIterator<[actor: string, keys: ReadonlyKeySet]> {
    return this.#keys.entries();
  }

  keysOf(actor: string): ReadonlyKeySet {
    return this.#keys.get(actor) ?? NO_KEYS;
  }

  bytesOf(actor: string): number {
    return this.#bytes.get(actor) ?? 0;
  }

  add(entry: ManifestEntry): void {
    for (const actor of actorsOf(entry)) {
      const keys = this.#keys.get(actor) ?? new KeySet();
      if (keys.size === 0) this.#keys.set(actor, keys);
      keys.add(entry.s3_url);
      this.#bytes.set(actor, this.bytesOf(actor) + entry.size_bytes);
    }
  }

  remove(entry: ManifestEntry): void {
    for (const actor of actorsOf(entry)) {
      const keys = this.#keys.get(actor);
      keys?.delete(entry.s3_url);
      this.#bytes.set(actor, this.bytesOf(actor) - entry.size_bytes);
      if (keys === undefined || keys.size > 0) continue;
      this.#keys.delete(actor);
      this.#bytes.delete(actor);
    }
  }

  clear(): void {
    this.#keys.clear();
    this.#bytes.clear();
  }
}
