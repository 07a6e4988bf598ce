import type { RefObject } from 'react';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';

/**
 * Removes an attribute of an `<img>` that is rendered no more. React does so by itself; Preact only empties it, but an empty
 * `src` is one that fails, and an empty `crossorigin` asks by CORS. Before the browser looks at the element, which it does in
 * a microtask (HTML, "update the image data").
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
