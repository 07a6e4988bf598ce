const listeners = new WeakMap<Element, (isNear: boolean) => void>();
let observer: IntersectionObserver | undefined;

/**
 * Tells whether an element is rendered and less than the size of the viewport away from it, and calls again when that changes. The first
 * call comes with the next frame. Limit: an element in an inner scroller counts as near only when it scrolls into view.
 */
export function observeNear(element: Element, listener: (isNear: boolean) => void, until: AbortSignal): void {
  if (typeof IntersectionObserver === 'undefined') return listener(true);
  observer ??= new IntersectionObserver(handleCrossing, { rootMargin: '100%' });
  listeners.set(element, listener);
  observer.observe(element);
  until.addEventListener('abort', () => {
    listeners.delete(element);
    observer?.unobserve(element);
  });
}

function handleCrossing(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) listeners.get(target)?.(isIntersecting);
}
