/**
 * Listens to signals, once to each however many want to hear of it: an `EventTarget` goes through all its listeners whenever
 * one is added or removed, which for a prefetch of 10,000 images on one signal took 7 % of the time.
 */
export class AbortListeners {
  readonly #bySignal = new WeakMap<AbortSignal, Set<() => void>>();

  /** The listener is called when the signal, which has not been aborted yet, is. Returns what takes it back. */
  add(signal: AbortSignal, listener: () => void): () => void {
    const listeners = this.#bySignal.get(signal) ?? this.#listenTo(signal);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #listenTo(signal: AbortSignal): Set<() => void> {
    const listeners = new Set<() => void>();
    this.#bySignal.set(signal, listeners);
    const tellAll = () => {
      for (const listener of listeners) listener();
    };
    signal.addEventListener('abort', tellAll, { once: true });
    return listeners;
  }
}
