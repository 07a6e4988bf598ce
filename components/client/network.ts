/** Whether this is a time to download ahead. */
export interface Network {
  readonly allowed: boolean;
  /** @returns a function that unsubscribes */
  subscribe(listener: () => void): () => void;
}

/** Not while offline, and not in a hidden tab of someone who asked to save data. */
export const browserNetwork: Network = {
  get allowed() {
    // Node has a navigator too, without `onLine`.
    if (typeof navigator === 'undefined' || typeof document === 'undefined') return true;
    if (!navigator.onLine) return false;
    return !(document.visibilityState === 'hidden' && savesData(navigator));
  },
  subscribe(listener) {
    if (typeof window === 'undefined') return () => {};
    const stop = new AbortController();
    const { signal } = stop;
    window.addEventListener('online', listener, { signal });
    window.addEventListener('offline', listener, { signal });
    document.addEventListener('visibilitychange', listener, { signal });
    return () => stop.abort();
  },
};

/** The Network Information API: Chromium only, and not in TypeScript's DOM. */
function savesData(navigator: Navigator & { connection?: { saveData?: boolean } }): boolean {
  return navigator.connection?.saveData === true;
}
