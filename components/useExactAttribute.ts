import type { RefObject } from 'react';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';

/**
 * Removes an attribute of an `<img>` that is no longer rendered. React does so by itself, but Preact only empties it: an empty `src`
 * counts as an image that failed, and an empty `crossorigin` makes a CORS request. The attribute is removed before the browser looks at
 * the element, which it does in a microtask (HTML, "update the image data").
 */
export function useExactAttribute(
  element: RefObject<HTMLImageElement | null>,
  name: 'src' | 'crossorigin',
  rendered: string | undefined,
): void {
  useIsomorphicLayoutEffect(() => {
    const img = element.current;
    if (rendered === undefined && img?.getAttribute(name) === '') img.removeAttribute(name);
  }, [element, name, rendered]);
}
