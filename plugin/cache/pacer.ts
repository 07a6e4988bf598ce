import { setImmediate as nextTurn } from 'node:timers/promises';

/** Much less than what anybody notices, much more than what a turn of the event loop costs. */
const SLICE_MS = 4;

/**
 * Cuts long work into slices, so that it never holds up the event loop however many entries there are (T64, T65):
 * `if (pacer.isDue) await pacer.turn()`, once an item.
 */
export class Pacer {
  #since = performance.now();

  /** True when this slice has lasted long enough. */
  get isDue(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  /** Lets everything else have its turn. */
  async turn(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
