/** What goes first, in this order: an image on screen, an actor that was opened, everything else. */
const URGENCIES = ['visible', 'high', 'normal'] as const;
export type Urgency = (typeof URGENCIES)[number];

export function isMoreUrgent(a: Urgency, b: Urgency): boolean {
  return URGENCIES.indexOf(a) < URGENCIES.indexOf(b);
}

/** First in, first out within an urgency; moving and removing cost no search. */
export class PriorityQueue<Item> {
  readonly #lanes: Record<Urgency, Set<Item>> = { visible: new Set(), high: new Set(), normal: new Set() };

  get size(): number {
    return URGENCIES.reduce((sum, urgency) => sum + this.#lanes[urgency].size, 0);
  }

  add(item: Item, urgency: Urgency): void {
    this.#lanes[urgency].add(item);
  }

  delete(item: Item): boolean {
    return URGENCIES.some((urgency) => this.#lanes[urgency].delete(item));
  }

  /** The next item among these urgencies, taken out. */
  take(urgencies: readonly Urgency[]): Item | undefined {
    for (const urgency of urgencies) {
      for (const item of this.#lanes[urgency]) {
        this.#lanes[urgency].delete(item);
        return item;
      }
    }
    return undefined;
  }
}
