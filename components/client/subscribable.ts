/** A set of listeners. */
export interface Subscribable<T> {
  /** @returns a function that unsubscribes; the same listener may be subscribed twice */
  subscribe(listener: (value: T) => void): () => void;
  emit(value: T): void;
}

export function createSubscribable<T>(): Subscribable<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    subscribe(listener) {
      const own = (value: T): void => listener(value);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    emit(value) {
      // A copy, because listeners may subscribe and unsubscribe while they are called.
      for (const listener of Array.from(listeners)) listener(value);
    },
  };
}
