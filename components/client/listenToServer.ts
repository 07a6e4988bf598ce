import type { CacheEvent } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import { credentialsOf } from './crossOrigin.ts';
import { resync } from './resync.ts';
import { canShare, openTabs } from './tabs.ts';

/** A message of the connection, or from another tab; without an event, some were missed. */
interface ServerMessage {
  lastEventId: string | undefined;
  event?: CacheEvent;
  /** There was no event to begin after: only entries that the page has known for a while may be out of date. */
  isFirst?: true;
}

/** Entries learnt so shortly before the first connection are not asked for again: every page of a production build starts so. */
const FRESH_MS = 5_000;
/** The browser itself comes back after a lost connection; after a refusal it does not, so we do. */
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 300_000;

/**
 * Hands the events of `GET /events` to a client, over one connection for the whole browser: HTTP/1.1 has six. The tabs elect the one that
 * holds it and passes everything on; when that is closed, another takes over and asks for the events in between.
 *
 * Where tabs cannot take turns (plain http on an address other than localhost), each has a connection of its own while it
 * is visible. A page that the browser keeps for its back button has none.
 */
export function listenToServer(client: CacheClient, baseUrl: string, signal: AbortSignal): void {
  let lastEventId: string | undefined;
  let listening: AbortController | undefined;
  const since = performance.now();

  function take({ lastEventId: id, event, isFirst }: ServerMessage): void {
    lastEventId = id ?? lastEventId;
    if (event) client.take(event);
    else if (!isFirst || performance.now() - since > FRESH_MS) void resync(client);
  }

  /**
   * Connects to `GET /events`, and again whenever the connection is lost.
   * @param refusals in a row, so far
   */
  function connect(until: AbortSignal, onMessage: (message: ServerMessage) => void, refusals = 0): void {
    if (until.aborted) return;
    const after = lastEventId === undefined ? '' : `?last_event_id=${encodeURIComponent(lastEventId)}`;
    const withCredentials = credentialsOf(baseUrl) === 'include';
    const source = new EventSource(`${baseUrl}/events${after}`, { withCredentials });
    const close = (): void => source.close();
    until.addEventListener('abort', close);
    source.addEventListener('ready', ({ lastEventId: id }) => {
      refusals = 0;
      if (lastEventId === undefined) onMessage({ lastEventId: id, isFirst: true });
    });
    source.addEventListener('reset', ({ lastEventId: id }) => onMessage({ lastEventId: id }));
    source.addEventListener('message', ({ data, lastEventId: id }) => {
      // The shape of an event is the wire contract of protocol.ts.
      onMessage({ lastEventId: id, event: JSON.parse(data) as CacheEvent });
    });
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED || until.aborted) return;
      until.removeEventListener('abort', close);
      // Spread out, so that a server that was overloaded is not asked by all pages at once.
      const ms = Math.min(FIRST_RETRY_MS * 2 ** refusals, LAST_RETRY_MS) * (0.5 + Math.random());
      setTimeout(connect, ms, until, onMessage, refusals + 1);
    });
  }

  function start(): void {
    if (listening || !(canShare() || document.visibilityState === 'visible')) return;
    listening = new AbortController();
    const until = listening.signal;
    if (!canShare()) return connect(until, take);
    const tabs = openTabs(`image-cache events ${new URL(baseUrl, location.href).href}`, until);
    // Only pages of this origin can write to it, and this is all that ours write.
    tabs.subscribe((message) => take(message as ServerMessage));
    tabs.lead(() =>
      connect(until, (message) => {
        take(message);
        tabs.post(message);
      }),
    );
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
