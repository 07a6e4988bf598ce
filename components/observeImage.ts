/**
 * Calls back when the element has loaded an image. Not through the `onLoad` prop: React holds a transition until an
 * `<img>` without one has its picture. An image may have loaded, or failed, before React came to it: its event is dispatched
 * again, so that it takes the usual way, to the app's own handlers too.
 * @param isHydrating whether the element is of the server's HTML: of all others React hears a load by itself
 */
export function observeImage(
  img: HTMLImageElement,
  onLoad: () => void,
  { isHydrating, until }: { isHydrating: boolean; until: AbortSignal },
): void {
  const { currentSrc } = img;
  let isTold = false;
  const load = (): void => {
    isTold = true;
    onLoad();
  };
  img.addEventListener('load', load, { signal: until });
  // `naturalWidth` would not do: it is zero of a failure, and of an SVG without a size.
  if (img.complete && currentSrc !== '') img.decode().then(handleDecoded, handleFailure);

  function handleDecoded(): void {
    if (isTold || until.aborted) return;
    if (isHydrating) img.dispatchEvent(new Event('load'));
    else load();
  }

  function handleFailure(): void {
    // Decoding also fails when another image comes in between.
    if (img.currentSrc === currentSrc) img.dispatchEvent(new Event('error'));
  }
}
