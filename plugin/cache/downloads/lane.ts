/** Tasks that may run, a slot: those that have freed theirs hold images in memory, and must not pile up. */
const RUNNING_PER_SLOT = 2;

/** What tasks run in: those for the screen in one, all others in another. */
export class Lane {
  /** Tasks that have not come to their end. */
  running = 0;
  /** Those of them that hold a slot. */
  #taken = 0;

  /** Whether another task may begin, where there are so many slots. */
  hasRoom(slots: number): boolean {
    return this.#taken < slots && this.running < slots * RUNNING_PER_SLOT;
  }

  /** A task begins. Returns what gives its slot back, without effect the second time. */
  begin(onFree: () => void): () => void {
    this.running += 1;
    this.#taken += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      onFree();
    };
  }

  /** A task has come to its end. */
  end(): void {
    this.running -= 1;
  }
}
