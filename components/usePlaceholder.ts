import { type RefObject, useEffect } from 'react';
import type { CachedImageState } from './cachedImageState.ts';

/**
 * Has an `<img>` show what it looks like from far away until it is loaded: at once when it is known not to be cached, else
 * only if it takes its time.
 * @param hash a thumbhash, base64
 */
export function usePlaceholder(
  element: RefObject<HTMLImageElement | null>,
  hash: string | undefined,
  { entry, status, isLoaded }: CachedImageState,
): void {
  const isSlow = entry === null || status === 'original';

  useEffect(() => {
    const img = element.current;
    if (hash === undefined || isLoaded || !img) return;
    const over = new AbortController();
    void import('./client/blur.ts').then(({ blurUntilDecoded }) => blurUntilDecoded(img, hash, isSlow, over.signal));
    return () => over.abort();
  }, [element, hash, isLoaded, isSlow]);
}
