/** The tabs of one browser that show pages of one origin, as far as they take part in something by the same name. */
export interface Tabs {
  /** Tells all other tabs. */
  post(message: unknown): void;
  /** Hears the other tabs. */
  subscribe(listener: (message: unknown) => void): void;
  /** Calls `run` when it is this tab's turn. One tab at a time has it, until `until` is aborted or the tab is gone. */
  lead(run: () => void, until?: AbortSignal): void;
}

/** Whether tabs can take turns: browsers have Web Locks in secure contexts (https, and http on localhost), happy-dom has `null`. */
export function canShare(): boolean {
  return typeof document !== 'undefined' && typeof BroadcastChannel !== 'undefined' && Boolean(navigator.locks);
}

/** @param closed takes this tab out, and ends its turn */
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
      // Rejected when the signal is aborted before the turn has come.
      navigator.locks.request(name, until ? { signal: until } : {}, turn).catch(() => {});
    },
  };
}
