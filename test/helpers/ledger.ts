/** Knows which values every key may have, from the changes that were begun and acknowledged. */
export class Ledger {
  readonly #possible = new Map<string, Set<string>>();
  readonly #keysOfLane = new Map<string, Set<string>>();
  acknowledged = 0;

  /** @param key `*` for every key of the lane @param etag `-` for no entry */
  begin(lane: string, key: string, etag: string): void {
    for (const each of this.#keys(lane, key)) this.#possible.get(each)?.add(etag);
  }

  acknowledge(lane: string, key: string, etag: string): void {
    this.acknowledged += 1;
    for (const each of this.#keys(lane, key)) this.#possible.set(each, new Set([etag]));
  }

  /** All keys with a value that they must not have. */
  wrong(etagOf: (key: string) => string): string[] {
    return [...this.#possible]
      .filter(([key, etags]) => !etags.has(etagOf(key)))
      .map(([key, etags]) => `${key} is ${etagOf(key)}, not ${[...etags].join(' or ')}`);
  }

  #keys(lane: string, key: string): Iterable<string> {
    const keys = this.#keysOfLane.get(lane) ?? new Set();
    this.#keysOfLane.set(lane, keys);
    if (key === '*') return keys;
    keys.add(key);
    if (!this.#possible.has(key)) this.#possible.set(key, new Set(['-']));
    return [key];
  }
}
