import { type RefObject, useEffect } from 'react';
import { withExtras } from './client/loadExtras.ts';

/**
 * Has an `<img>` show what it looks like from far away until it is loaded. What it takes is loaded itself, so an image that
 * is cached is there first, and gets none.
 * @param hash a thumbhash, base64
 */
export function usePlaceholder(
  element: RefObject<HTMLImageElement | null>,
  hash: string | undefined,
  isLoaded: boolean,
): void {
  useEffect(() => {
    const img = element.current;
    if (hash === undefined || isLoaded || !img) return;
    withExtras(({ blurUntilDecoded }) => blurUntilDecoded(img, hash));
  }, [element, hash, isLoaded]);
}
