/** Keeps the best of any number of items, in a heap whose root is the worst of them. Sorts once, at the end. */
export class BestOf<Item> {
  readonly #count: number;
  /** Negative if the first one is better. */
  readonly #compare: (a: Item, b: Item) => number;
  readonly #heap: Item[] = [];

  constructor(count: number, compare: (a: Item, b: Item) => number) {
    this.#count = count;
    this.#compare = compare;
  }

  /** A million items may come in the worst order, each better than all before, so this is written as plain loops. */
  offer(item: Item): void {
    const heap = this.#heap;
    if (heap.length < this.#count) {
      heap.push(item);
      rise(heap, heap.length - 1, item, this.#compare);
    } else if (heap.length > 0 && this.#compare(item, heap[0] as Item) < 0) {
      sink(heap, item, this.#compare); // in the place of the worst
    }
  }

  /** The items that were kept, the best one first. */
  sorted(): Item[] {
    return this.#heap.toSorted(this.#compare);
  }
}

/** Moves the item at this position up, to where it is no worse than what is above it. */
function rise<Item>(heap: Item[], from: number, item: Item, compare: (a: Item, b: Item) => number): void {
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Item; // `above` is in the heap
    if (compare(item, parent) <= 0) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = item;
}

/** Puts the item at the root, and moves it down to where it is no better than what is below it. */
function sink<Item>(heap: Item[], item: Item, compare: (a: Item, b: Item) => number): void {
  const { length } = heap;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= length) break;
    // Both positions are in the heap.
    if (below + 1 < length && compare(heap[below + 1] as Item, heap[below] as Item) > 0) below += 1;
    const child = heap[below] as Item;
    if (compare(child, item) <= 0) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = item;
}
