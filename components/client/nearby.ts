/** Scrolling is over when nothing has scrolled for so long. */
const QUIET_MS = 100;
/** What is near for so long while something scrolls is not scrolled past, or slowly. */
const STAY_MS = 300;

/** Which images are near the viewport, and which of them stay there. */
export interface Nearby {
  /** @returns a function that stops */
  observe(img: HTMLImageElement): () => void;
  isNear(img: HTMLImageElement): boolean;
  /** Of what is near, also whether it is likely to be for a while: else `onChange` says when to ask again. */
  isStaying(img: HTMLImageElement): boolean;
}

/**
 * Near is less than a viewport away.
 * @param onChange called when something comes near or leaves, or may be staying now
 */
export function createNearby(onChange: () => void): Nearby {
  const nearSince = new WeakMap<Element, number>();
  let scrolledAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let observer: IntersectionObserver | undefined;

  function createObserver(): IntersectionObserver {
    // Scroll events of elements do not bubble. They come ahead of what is observed in the same frame.
    const handleScroll = (): void => void (scrolledAt = performance.now());
    document.addEventListener('scroll', handleScroll, { capture: true, passive: true });
    return new IntersectionObserver(handleCrossing, { rootMargin: '100% 0%' });
  }

  function handleCrossing(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) nearSince.set(target, performance.now());
      else nearSince.delete(target);
    }
    onChange();
  }

  function askAgain(): void {
    timer = undefined;
    onChange();
  }

  const isNear = (img: HTMLImageElement): boolean => distanceOf(img) < innerHeight;

  return {
    isNear,
    isStaying(img) {
      if (!isNear(img)) return false;
      const now = performance.now();
      if (now - scrolledAt >= QUIET_MS || now - (nearSince.get(img) ?? now) >= STAY_MS) return true;
      timer ??= setTimeout(askAgain, QUIET_MS);
      return false;
    },
    observe(img) {
      if (typeof IntersectionObserver === 'undefined') return () => {};
      observer ??= createObserver();
      observer.observe(img);
      return () => observer?.unobserve(img);
    },
  };
}

/** How far an element is from the viewport, in pixels; 0 inside. */
export function distanceOf(img: HTMLImageElement): number {
  const { top, bottom } = img.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom);
}
