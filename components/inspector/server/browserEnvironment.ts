import type { LiveEnvironment } from './createLive.ts';

/** The environment of a real page. */
export const browserEnvironment: LiveEnvironment = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  isVisible: () => document.visibilityState === 'visible',
  onVisibility: (listener) => listen(document, ['visibilitychange'], listener),
  onInput: (listener) => listen(window, ['keydown', 'pointermove', 'pointerdown', 'wheel'], listener),
};

function listen(target: EventTarget, types: readonly string[], listener: () => void): () => void {
  for (const type of types) target.addEventListener(type, listener, { passive: true });
  return () => {
    for (const type of types) target.removeEventListener(type, listener);
  };
}
