import { setImmediate as nextTurn } from 'node:timers/promises';

/** Short enough that a pause of this length is not noticed, and much longer than a turn of the event loop takes. */
const SLICE_MS = 4;

/**
 * Cuts long work into slices, so that it never blocks the event loop, however many entries there are (T64, T65). Call
 * `if (timeSlice.isOver) await timeSlice.yield()` for each item.
 */
export class TimeSlice {
  #since = performance.now();

  /** True when this slice has lasted long enough. */
  get isOver(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  /** Lets other work run, then begins the next slice. */
  async yield(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
