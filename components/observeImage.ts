/**
 * Calls back when the element has loaded an image. Not through the `onLoad` prop: React holds a transition until an
 * `<img>` without one has its picture. An image may have loaded, or failed, before React came to it (hydration): a
 * load is told of at once, a failure is dispatched again so that it takes the usual way.
 * @returns a function that stops
 */
export function observeImage(img: HTMLImageElement, onLoad: () => void): () => void {
  let stopped = false;
  const load = (): void => {
    if (!stopped) onLoad();
  };
  img.addEventListener('load', load);
  if (img.complete && img.currentSrc !== '') void settle(img, img.currentSrc, load);
  return () => {
    stopped = true;
    img.removeEventListener('load', load);
  };
}

async function settle(img: HTMLImageElement, src: string, onLoad: () => void): Promise<void> {
  try {
    // Zero is also the width of an SVG without a size; only decoding tells it from a failure.
    await (img.naturalWidth > 0 || img.decode());
  } catch {
    if (img.currentSrc === src) img.dispatchEvent(new Event('error'));
    return;
  }
  onLoad();
}
