const listeners = new WeakMap<Element, (isNear: boolean) => void>();
let observer: IntersectionObserver | undefined;

/**
 * Tells whether an element is rendered and less than a viewport away from being seen, in both directions, and whenever that
 * changes. The first call comes with the next frame. Limit: an element in an inner scroller is near when it scrolls in.
 * @returns a function that stops
 */
export function observeNear(element: Element, listener: (isNear: boolean) => void): () => void {
  if (typeof IntersectionObserver === 'undefined') {
    listener(true);
    return () => {};
  }
  observer ??= new IntersectionObserver(handleCrossing, { rootMargin: '100%' });
  listeners.set(element, listener);
  observer.observe(element);
  return () => {
    listeners.delete(element);
    observer?.unobserve(element);
  };
}

function handleCrossing(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) listeners.get(target)?.(isIntersecting);
}
