/**
 * Listens once to each signal, however many listeners there are. An `EventTarget` searches all its listeners whenever one is
 * added or removed, which took 7 % of the time for a prefetch of 10,000 images on one signal.
 */
export class AbortListeners {
  readonly #bySignal = new WeakMap<AbortSignal, Set<() => void>>();

  /** Calls the listener when the signal is aborted; it must not be aborted yet. Returns a function that removes the listener. */
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
