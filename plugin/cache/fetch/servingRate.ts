/** Images served per second from which on prefetching has to yield. */
const BUSY_PER_SECOND = 500;
const WINDOW_MS = 100;

/** True if so many images are being served that background downloads should yield. */
export class ServingRate {
  readonly #served: () => number;
  readonly #now: () => number;
  #at: number;
  #before: number;
  #isBusy = false;

  /** @param served returns how many images have been served so far */
  constructor(served: () => number, now: () => number = () => performance.now()) {
    this.#served = served;
    this.#now = now;
    this.#at = now();
    this.#before = served();
  }

  get isBusy(): boolean {
    const elapsed = this.#now() - this.#at;
    if (elapsed < WINDOW_MS) return this.#isBusy;
    const served = this.#served();
    this.#isBusy = ((served - this.#before) * 1000) / elapsed >= BUSY_PER_SECOND;
    this.#at += elapsed;
    this.#before = served;
    return this.#isBusy;
  }
}
