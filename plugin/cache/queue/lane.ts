/** Running tasks per slot. A task that has released its slot still holds its image in memory, so their number is limited. */
const RUNNING_PER_SLOT = 2;

/** Number of tasks, in total and for each origin. */
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
 * The slots for tasks. Tasks for the screen have one lane, all others another.
 *
 * No origin can block the others, however slowly it answers. There are twice as many slots as one origin may have alone, and each
 * origin may have as many slots as are free (the dynamic thresholds of Choudhury and Hahne, 1998). So if one origin hangs with
 * all of its slots, the next still gets half as many.
 * Limit: with n slots, about log2(n) + 1 origins that hang one after another take all of them; later origins wait.
 */
export class Lane {
  readonly #most: number;
  readonly #running = new Tally();
  readonly #taken = new Tally();

  /** @param most maximum number of slots of one origin; all origins together have twice as many */
  constructor(most: number) {
    this.#most = most;
  }

  /** Tasks that have not finished. */
  get running(): number {
    return this.#running.total;
  }

  /** True if another task of the origin may start, given this maximum for each origin. */
  hasRoom(origin: string, slots: number): boolean {
    return (
      hasShare(this.#taken, origin, slots, this.#most) &&
      hasShare(this.#running, origin, slots * RUNNING_PER_SLOT, this.#most * RUNNING_PER_SLOT)
    );
  }

  /** Starts a task. Returns a function that releases its slot; calling it again has no effect. */
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

  /** Marks a task as finished. */
  end(origin: string): void {
    this.#running.add(origin, -1);
  }
}

function hasShare(tally: Tally, origin: string, slots: number, most: number): boolean {
  return tally.of(origin) < Math.min(slots, 2 * most - tally.total);
}
