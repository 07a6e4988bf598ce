/** Few enough to be dealt with in a few milliseconds. */
const PART_SIZE = 512;

/** The items in order, a few hundred at a time; one empty part if there are none. */
export function* inParts<Item>(items: readonly Item[]): Generator<Item[], void, void> {
  for (let start = 0; start === 0 || start < items.length; start += PART_SIZE) {
    yield items.slice(start, start + PART_SIZE);
  }
}
