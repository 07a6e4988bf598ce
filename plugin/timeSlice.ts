import { setImmediate as nextTurn } from 'node:timers/promises';

/** Much less than what anybody notices, much more than what a turn of the event loop costs. */
const SLICE_MS = 4;

/**
 * Cuts long work into slices, so that it never holds up the event loop however many entries there are (T64, T65):
 * `if (timeSlice.isOver) await timeSlice.yield()`, once an item.
 */
export class TimeSlice {
  #since = performance.now();

  /** True when this slice has lasted long enough. */
  get isOver(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  /** Lets everything else have its turn. */
  async yield(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
