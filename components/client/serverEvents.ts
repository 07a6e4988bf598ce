import type { CacheEvent } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import { credentialsOf } from './crossOrigin.ts';
import { openEventSource } from './openEventSource.ts';
import { resync } from './resync.ts';
import { canShare, openTabs } from './tabs.ts';

/** What comes over the connection, and what tabs tell each other; without an event: some were missed. */
export interface ServerMessage {
  lastEventId: string | undefined;
  event?: CacheEvent;
  /** There was no event to begin after: only what the page has known for a while may be out of date. */
  isFirst?: true;
}

/** What a page has learnt so shortly before its first connection is not asked for again: a production build starts so. */
const FRESH_MS = 5_000;

/**
 * Tells a client what its server says at `/events`, over one connection a browser: HTTP/1.1 has six. The tabs elect the one
 * that holds it and passes everything on; when that is closed, another takes over and asks for what came in between.
 *
 * Where tabs cannot take turns (plain http on an address other than localhost), each has a connection of its own while it
 * is visible. A page that the browser keeps for its back button has none.
 */
export function listenToServer(client: CacheClient, mount: string, signal: AbortSignal): void {
  let lastEventId: string | undefined;
  let listening: AbortController | undefined;
  const since = performance.now();

  function take({ lastEventId: id, event, isFirst }: ServerMessage): void {
    lastEventId = id ?? lastEventId;
    if (event) client.take(event);
    else if (!isFirst || performance.now() - since > FRESH_MS) void resync(client);
  }

  function listen(until: AbortSignal): void {
    const tabs = canShare() ? openTabs(`image-cache events ${new URL(mount, location.href).href}`, until) : undefined;
    const connect = (): void =>
      openEventSource(`${mount}/events`, {
        until,
        withCredentials: credentialsOf(mount) === 'include',
        getLastEventId: () => lastEventId,
        onMessage(message) {
          take(message);
          tabs?.post(message);
        },
      });
    if (!tabs) return connect();
    // Only pages of this origin can write to it, and this is all that ours write.
    tabs.subscribe((message) => take(message as ServerMessage));
    tabs.lead(connect);
  }

  function start(): void {
    if (listening || !(canShare() || document.visibilityState === 'visible')) return;
    listening = new AbortController();
    listen(listening.signal);
  }

  function stop(): void {
    listening?.abort();
    listening = undefined;
  }

  if (signal.aborted) return;
  signal.addEventListener('abort', stop);
  window.addEventListener('pagehide', stop, { signal });
  window.addEventListener('pageshow', start, { signal });
  if (!canShare()) {
    const follow = (): void => (document.visibilityState === 'visible' ? start() : stop());
    document.addEventListener('visibilitychange', follow, { signal });
  }
  start();
}
