import { isOnScreen } from '../client/onScreen.ts';
import type { UploadsEnvironment } from './environment.ts';

/** The real browser. On a server, where there is none, nothing is ever started. */
export const browserEnvironment: UploadsEnvironment = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  get locks() {
    // Absent in insecure contexts, whatever TypeScript's DOM says.
    return typeof navigator === 'undefined' ? undefined : (navigator.locks ?? undefined);
  },
  openPort(name, onMessage) {
    if (typeof BroadcastChannel === 'undefined') return { post() {}, close() {} };
    const channel = new BroadcastChannel(name);
    channel.addEventListener('message', ({ data }) => onMessage(data));
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel takes none: it has one origin
      post: (message) => channel.postMessage(message),
      close: () => channel.close(),
    };
  },
  isOnline: () => typeof navigator === 'undefined' || navigator.onLine,
  isHidden: () => typeof document !== 'undefined' && document.visibilityState === 'hidden',
  isPageBusy() {
    if (typeof document === 'undefined' || document.visibilityState === 'hidden') return false;
    // An `<img>` without a URL is complete. happy-dom has no `document.images`.
    return Array.from(document.querySelectorAll('img')).some((img) => !img.complete && isOnScreen(img));
  },
  onPage(listener) {
    const ended = new AbortController();
    const { signal } = ended;
    addEventListener('offline', () => listener('offline'), { signal });
    addEventListener('online', () => listener('reached'), { signal });
    addEventListener('pagehide', () => listener('left'), { signal });
    addEventListener('pageshow', ({ persisted }) => persisted && listener('shown'), { signal });
    document.addEventListener(
      'visibilitychange',
      () => listener(document.visibilityState === 'hidden' ? 'hidden' : 'reached'),
      { signal },
    );
    return () => ended.abort();
  },
  holdPage() {
    if (typeof document === 'undefined') return () => {};
    // For as long as it is needed and no longer: with such a listener, Firefox keeps no page for the back button.
    const ask = (event: Event): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  },
  warn: (text) => console.warn(text),
  get storage() {
    return typeof navigator === 'undefined' ? undefined : (navigator.storage ?? undefined);
  },
};
