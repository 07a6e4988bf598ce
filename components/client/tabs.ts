/** Connects the tabs of a browser that show pages of one origin and use the same name. */
export interface Tabs {
  /** Sends a message to all other tabs. */
  post(message: unknown): void;
  /** Calls the listener with the messages of other tabs. */
  subscribe(listener: (message: unknown) => void): void;
  /** Calls `run` when this tab becomes the leader. One tab at a time leads, until `until` is aborted or the tab is closed. */
  lead(run: () => void, until?: AbortSignal): void;
}

/** Whether tabs can elect a leader. Browsers have Web Locks in secure contexts only (https, and http on localhost); happy-dom has `null`. */
export function canShare(): boolean {
  return typeof document !== 'undefined' && typeof BroadcastChannel !== 'undefined' && Boolean(navigator.locks);
}

/** @param closed when aborted, this tab stops to take part, and no longer leads */
export function openTabs(name: string, closed?: AbortSignal): Tabs {
  const channel = new BroadcastChannel(name);
  closed?.addEventListener('abort', () => channel.close());
  return {
    post(message) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel takes none: it has one origin
      if (!closed?.aborted) channel.postMessage(message);
    },
    subscribe: (listener) => channel.addEventListener('message', ({ data }) => listener(data)),
    lead(run, until = closed) {
      const turn = async (): Promise<void> => {
        run();
        await new Promise((resolve) => until?.addEventListener('abort', resolve));
      };
      // Rejects if the signal is aborted before this tab leads.
      navigator.locks.request(name, until ? { signal: until } : {}, turn).catch(() => {});
    },
  };
}
