/** Whether this is a time to download ahead. */
export interface Network {
  readonly allowed: boolean;
  /** Calls the listener whenever that may have changed, for as long as the page lives. */
  subscribe(listener: () => void): void;
}

/** Not while offline, and not in a hidden tab of someone who asked to save data. */
export const browserNetwork: Network = {
  get allowed() {
    // Node has a navigator too, without `onLine`.
    if (typeof navigator === 'undefined' || typeof document === 'undefined') return true;
    // The Network Information API is there in Chromium only, and not in TypeScript's DOM.
    const { onLine, connection }: Navigator & { connection?: { saveData?: boolean } } = navigator;
    return onLine && !(document.visibilityState === 'hidden' && connection?.saveData);
  },
  subscribe(listener) {
    if (typeof window === 'undefined') return;
    window.addEventListener('online', listener);
    window.addEventListener('offline', listener);
    document.addEventListener('visibilitychange', listener);
  },
};
