const handlers = new WeakMap<EventTarget, () => boolean>();
const listening = new WeakSet<EventTarget>();

/**
 * Has the failures of an element's sources be heard by nobody as long as another source follows: not by the app, nor by a
 * parent's `onError`, nor by a listener of the document.
 * @param handle moves on to what follows, and says whether anything does
 * @returns a function that stops
 */
export function silenceErrors(img: HTMLImageElement, handle: () => boolean): () => void {
  handlers.set(img, handle);
  const root = img.getRootNode();
  // An error does not leave a shadow root. Elsewhere the window hears of it first.
  const first = root instanceof ShadowRoot ? root : (img.ownerDocument.defaultView ?? window);
  if (!listening.has(first)) first.addEventListener('error', stopIfHandled, true);
  listening.add(first);
  return () => void handlers.delete(img);
}

function stopIfHandled(event: Event): void {
  const handle = event.target && handlers.get(event.target);
  if (handle?.() === true) event.stopImmediatePropagation();
}
