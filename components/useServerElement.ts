import { type RefObject, useState } from 'react';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';

interface ServerElement {
  /** Whether the first render has a URL. */
  hasUrl: boolean;
  /** Called if the HTML has no URL for the image, before the element is rendered without one. */
  onBare: () => void;
  /** Called if the HTML has a URL although the first render has none, so that the image is loading already. Only with Preact 10. */
  onAsked: () => void;
}

/**
 * Looks at the `<img>` in a server's HTML. A render in the browser cannot know which images have a URL there, and hydration changes no
 * attributes. An element without a URL is first rendered as it is in the HTML. The next render then changes everything that depends on the
 * URL: the `alt`, the `style` and the role.
 * @returns whether to render the element as it is in the HTML
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
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only the first render can be over HTML from a server
  }, []);
  useIsomorphicLayoutEffect(() => {
    if (isBare) setIsBare(false);
  }, [isBare]);
  return isBare;
}
