/** Tasks that may run, a slot: those that have freed theirs hold images in memory, and must not pile up. */
const RUNNING_PER_SLOT = 2;

/** How many tasks there are in all, and for each origin. */
class Tally {
  readonly #byOrigin = new Map<string, number>();
  total = 0;

  of(origin: string): number {
    return this.#byOrigin.get(origin) ?? 0;
  }

  add(origin: string, count: 1 | -1): void {
    this.total += count;
    const left = this.of(origin) + count;
    if (left === 0) this.#byOrigin.delete(origin);
    else this.#byOrigin.set(origin, left);
  }
}

/**
 * What tasks run in: those for the screen in one, all others in another.
 *
 * No origin keeps the others waiting, however long it takes to answer: each may have as many slots as there are free ones, of twice
 * the number that one may have alone (the dynamic thresholds of Choudhury and Hahne, 1998). So where one hangs with all of its slots,
 * the next still gets half as many.
 * Limit: of n slots, about log2(n) + 1 origins that hang one after another take them all; those after them wait.
 */
export class Lane {
  readonly #most: number;
  readonly #running = new Tally();
  readonly #taken = new Tally();

  /** @param most slots that one origin may have at any time; all of them together have twice as many */
  constructor(most: number) {
    this.#most = most;
  }

  /** Tasks that have not come to their end. */
  get running(): number {
    return this.#running.total;
  }

  /** Whether another task of the origin may begin, where each origin has so many slots. */
  hasRoom(origin: string, slots: number): boolean {
    return (
      hasShare(this.#taken, origin, slots, this.#most) &&
      hasShare(this.#running, origin, slots * RUNNING_PER_SLOT, this.#most * RUNNING_PER_SLOT)
    );
  }

  /** A task begins. Returns what gives its slot back, without effect the second time. */
  begin(origin: string, onFree: () => void): () => void {
    this.#running.add(origin, 1);
    this.#taken.add(origin, 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken.add(origin, -1);
      onFree();
    };
  }

  /** A task has come to its end. */
  end(origin: string): void {
    this.#running.add(origin, -1);
  }
}

function hasShare(tally: Tally, origin: string, slots: number, most: number): boolean {
  return tally.of(origin) < Math.min(slots, 2 * most - tally.total);
}
