const handlers = new WeakMap<EventTarget, () => boolean>();

/**
 * Stops the `error` events of an element's sources as long as another source follows. Neither the app, nor a parent's `onError`, nor a
 * listener of the document hears them.
 * @param handle moves on to the next source, and says whether there is one
 */
export function silenceErrors(img: HTMLImageElement, handle: () => boolean, until: AbortSignal): void {
  handlers.set(img, handle);
  const root = img.getRootNode();
  // An error does not leave a shadow root. Elsewhere the window hears it first.
  const first = root instanceof ShadowRoot ? root : (img.ownerDocument.defaultView ?? window);
  // One listener for all elements: of the same function, a browser adds no second one.
  first.addEventListener('error', stopIfHandled, true);
  until.addEventListener('abort', () => handlers.delete(img));
}

function stopIfHandled(event: Event): void {
  const handle = event.target && handlers.get(event.target);
  if (handle?.() === true) event.stopImmediatePropagation();
}
