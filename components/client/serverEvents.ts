import type { CacheEvent } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import { credentialsOf } from './crossOrigin.ts';
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
/** The browser itself comes back after a lost connection; after a refusal it does not, so we do. */
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 300_000;

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

interface EventSourceSettings {
  /** Closes it. */
  until: AbortSignal;
  withCredentials?: boolean;
  /** The last event that this page knows of, from whichever connection. */
  getLastEventId(): string | undefined;
  onMessage(message: ServerMessage): void;
}

/** A connection to `GET /events`, made again whenever it is lost. */
function openEventSource(url: string, settings: EventSourceSettings): void {
  const { until, withCredentials = false, getLastEventId, onMessage } = settings;
  let refusals = 0;

  function open(): void {
    if (until.aborted) return;
    const last = getLastEventId();
    const source = new EventSource(last === undefined ? url : `${url}?last_event_id=${encodeURIComponent(last)}`, {
      withCredentials,
    });
    const close = (): void => source.close();
    until.addEventListener('abort', close);

    source.addEventListener('ready', ({ lastEventId }) => {
      refusals = 0;
      if (getLastEventId() === undefined) onMessage({ lastEventId, isFirst: true });
    });
    source.addEventListener('reset', ({ lastEventId }) => onMessage({ lastEventId }));
    source.addEventListener('message', ({ data, lastEventId }) => {
      // The shape of an event is the wire contract of protocol.ts.
      onMessage({ lastEventId, event: JSON.parse(data) as CacheEvent });
    });
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED || until.aborted) return;
      until.removeEventListener('abort', close);
      // Spread out: a server that was overloaded is not asked by all at once.
      setTimeout(open, Math.min(FIRST_RETRY_MS * 2 ** refusals, LAST_RETRY_MS) * (0.5 + Math.random()));
      refusals += 1;
    });
  }

  open();
}
