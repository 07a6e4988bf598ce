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
  if (img.complete && img.currentSrc !== '') settle(img, load);
  return () => {
    stopped = true;
    img.removeEventListener('load', load);
  };
}

/** `naturalWidth` would not do: it is zero of a failure, and of an SVG without a size. */
function settle(img: HTMLImageElement, onLoad: () => void): void {
  const { currentSrc } = img;
  img.decode().then(onLoad, () => {
    // Decoding also fails when another image comes in between.
    if (img.currentSrc === currentSrc) img.dispatchEvent(new Event('error'));
  });
}
