/** What goes first, in this order: an image on screen, an actor that was opened, everything else. */
const URGENCIES = ['visible', 'high', 'normal'] as const;
export type Urgency = (typeof URGENCIES)[number];

export function isMoreUrgent(a: Urgency, b: Urgency): boolean {
  return URGENCIES.indexOf(a) < URGENCIES.indexOf(b);
}

/** What the queue has to know of an item. */
interface Queued {
  /** Items of different origins take turns. */
  readonly origin: string;
}

/** First in, first out within an urgency and an origin; moving and removing cost no search. */
export class PriorityQueue<Item extends Queued> {
  readonly #lines: Record<Urgency, Map<string, Set<Item>>> = { visible: new Map(), high: new Map(), normal: new Map() };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: Item, urgency: Urgency): void {
    const lines = this.#lines[urgency];
    const line = lines.get(item.origin) ?? new Set();
    lines.set(item.origin, line.add(item));
    this.#size += 1;
  }

  delete(item: Item): boolean {
    return URGENCIES.some((urgency) => this.#remove(item, urgency));
  }

  /** The next item that may be had now, taken out: the most urgent, of the origin that has waited longest for its turn. */
  take(isAllowed: (origin: string, urgency: Urgency) => boolean): Item | undefined {
    for (const urgency of URGENCIES) {
      for (const [origin, line] of this.#lines[urgency]) {
        const [item] = line;
        if (item === undefined || !isAllowed(origin, urgency)) continue;
        this.#remove(item, urgency);
        // The end of a map is the end of the turn.
        if (this.#lines[urgency].delete(origin)) this.#lines[urgency].set(origin, line);
        return item;
      }
    }
    return undefined;
  }

  #remove(item: Item, urgency: Urgency): boolean {
    const line = this.#lines[urgency].get(item.origin);
    if (line?.delete(item) !== true) return false;
    if (line.size === 0) this.#lines[urgency].delete(item.origin);
    this.#size -= 1;
    return true;
  }
}
