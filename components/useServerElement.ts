import { type RefObject, useState } from 'react';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';

interface ServerElement {
  /** Whether the first render has a URL. */
  hasUrl: boolean;
  /** The HTML has none for it. Called before the element is rendered so. */
  onBare: () => void;
  /** The first render has no URL, but the HTML does, so that the image is on its way. That happens in Preact 10 only. */
  onAsked: () => void;
}

/**
 * Looks at the `<img>` of a server's HTML: which images have a URL there no render in the browser can know, and hydration changes no
 * attribute. An element that has none is rendered once as it is in the HTML, so that all is changed that comes with a URL: the
 * `alt`, the `style`, the role.
 * @returns whether to render it as it is in the HTML
 */
export function useServerElement(
  element: RefObject<HTMLImageElement | null>,
  { hasUrl, onBare, onAsked }: ServerElement,
): boolean {
  const [isBare, setIsBare] = useState(false);
  useIsomorphicLayoutEffect(() => {
    const img = element.current;
    if (!img || hasUrl === (img.hasAttribute('src') || img.hasAttribute('srcset'))) return;
    if (!hasUrl) return onAsked();
    onBare();
    setIsBare(true);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only the first render can be one over a server's HTML
  }, []);
  useIsomorphicLayoutEffect(() => {
    if (isBare) setIsBare(false);
  }, [isBare]);
  return isBare;
}
