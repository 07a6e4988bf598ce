import { textOf } from './visibleBox.ts';

/** So that a picture that something clips is noticed, too, once another hundredth of it is seen. */
const THRESHOLD = Array.from({ length: 101 }, (_, hundredth) => hundredth / 100);

/**
 * Calls when an element is no longer where it is, whatever has moved it, and costs nothing until then: the browser reports when the element
 * leaves a rectangle that is exactly around it. Limit: a move of less than a pixel is not noticed.
 * @param onMove may be called without a move
 * @returns a function that ends it
 */
export function watchPlace(element: Element, onMove: () => void): () => void {
  const place = element.getBoundingClientRect();
  const { left, top, right, bottom } = place;
  const { clientWidth, clientHeight } = document.documentElement;
  const margins = [top, clientWidth - right, clientHeight - bottom, left].map((inset) => `${-Math.floor(inset)}px`);
  let isFirst = true;
  const observer = new IntersectionObserver(
    ([entry]) => {
      // The first call always comes. The element may have moved before it.
      if (!isFirst || (entry && textOf(entry.boundingClientRect) !== textOf(place))) onMove();
      isFirst = false;
    },
    { root: document, rootMargin: margins.join(' '), threshold: THRESHOLD },
  );
  observer.observe(element);
  return () => observer.disconnect();
}
