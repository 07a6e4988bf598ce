/** Counts by labels. Their values have to come from closed sets: each new combination is kept for ever, and is a time series of its own. */
export class Counter<Labels extends Record<string, string>> {
  readonly #counts = new Map<string, { labels: Labels; value: number }>();

  add(labels: Labels, by = 1): void {
    const key = Object.values(labels).join('\0');
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { labels, value: by });
    else count.value += by;
  }

  get samples(): { labels: Labels; value: number }[] {
    return [...this.#counts.values()];
  }
}
