const handlers = new WeakMap<EventTarget, () => boolean>();

/**
 * Stops the `error` events of an element as long as another source follows. They reach neither the app, nor a parent's `onError`, nor a
 * listener of the document.
 * @param handle moves on to the next source, and says whether there is one
 */
export function silenceErrors(img: HTMLImageElement, handle: () => boolean, until: AbortSignal): void {
  handlers.set(img, handle);
  const root = img.getRootNode();
  // An `error` event does not leave a shadow root. Elsewhere it reaches the window first.
  const first = root instanceof ShadowRoot ? root : (img.ownerDocument.defaultView ?? window);
  // All elements share one listener, because a browser does not add the same function twice.
  first.addEventListener('error', stopIfHandled, true);
  until.addEventListener('abort', () => handlers.delete(img));
}

function stopIfHandled(event: Event): void {
  const handle = event.target && handlers.get(event.target);
  if (handle?.() === true) event.stopImmediatePropagation();
}
