/** Few enough to be processed in a few milliseconds. */
const BATCH_SIZE = 512;

/** Yields the items in order, a few hundred at a time. Yields one empty batch if there are no items. */
export function* inBatches<Item>(items: readonly Item[]): Generator<Item[], void, void> {
  for (let start = 0; start === 0 || start < items.length; start += BATCH_SIZE) {
    yield items.slice(start, start + BATCH_SIZE);
  }
}
