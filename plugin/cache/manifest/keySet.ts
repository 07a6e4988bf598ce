import { ShardedMap } from './shardedMap.ts';

/** Keys for reading. The set may change meanwhile. */
export interface ReadonlyKeySet extends Iterable<string> {
  readonly size: number;
  /** All keys as they are now. */
  toArray(): string[];
}

/** The part of a `Set` that the manifest needs, without long pauses at any size: one actor may have a million images (T65). */
export class KeySet implements ReadonlyKeySet {
  readonly #keys = new ShardedMap<string>();

  get size(): number {
    return this.#keys.size;
  }

  add(key: string): void {
    this.#keys.set(key, key);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  toArray(): string[] {
    return this.#keys.toArray();
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#keys.values();
  }
}
