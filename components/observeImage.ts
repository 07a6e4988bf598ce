/**
 * Calls back when the element has loaded an image. It does not use the `onLoad` prop, because React delays a transition until an
 * `<img>` without that prop has loaded. An image may have loaded or failed before React attached its listeners. Then the event is
 * dispatched again, so that it also reaches the app's own handlers.
 * @param isHydrating whether the element is from the server's HTML; for all other elements React notices a load by itself
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
  // `naturalWidth` cannot tell: it is zero for an image that failed, but also for an SVG without a size.
  if (img.complete && currentSrc !== '') img.decode().then(handleDecoded, handleFailure);

  function handleDecoded(): void {
    if (isTold || until.aborted) return;
    if (isHydrating) img.dispatchEvent(new Event('load'));
    else load();
  }

  function handleFailure(): void {
    // Decoding also fails if the element has begun to load another image meanwhile.
    if (img.currentSrc === currentSrc) img.dispatchEvent(new Event('error'));
  }
}
