import { RECOVERED } from './recovered.ts';

/** Whether images may be downloaded before they are needed. */
export interface Network {
  readonly allowed: boolean;
  /** Calls the listener when this may have changed, or when S3 answers again, for as long as the page is open. */
  subscribe(listener: () => void): void;
}

/** Not allowed while the browser is offline, nor in a hidden tab if the user saves data (Save-Data). */
export const browserNetwork: Network = {
  get allowed() {
    // Node also has a `navigator`, but without `onLine`.
    if (typeof navigator === 'undefined' || typeof document === 'undefined') return true;
    // Only Chromium has the Network Information API, and TypeScript's types of the DOM do not.
    const { onLine, connection }: Navigator & { connection?: { saveData?: boolean } } = navigator;
    return onLine && !(document.visibilityState === 'hidden' && connection?.saveData);
  },
  subscribe(listener) {
    if (typeof window === 'undefined') return;
    for (const event of ['online', 'offline', RECOVERED]) addEventListener(event, listener);
    document.addEventListener('visibilitychange', listener);
  },
};
