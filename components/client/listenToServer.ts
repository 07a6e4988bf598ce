import type { CacheEvent } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import { credentialsOf } from './crossOrigin.ts';
import { announceRecovery } from './recovered.ts';
import { resync } from './resync.ts';
import { canShare, openTabs } from './tabs.ts';

/** A message of the connection or of another tab. Without an event, it says that events were missed. */
interface ServerMessage {
  lastEventId: string | undefined;
  event?: CacheEvent;
  /** Images that have failed should be tried again. */
  isRecovered?: true;
  /** Set at the first connection: only entries that the page has known for a while may be out of date. */
  isFirst?: true;
}

/** Entries that were learnt so shortly before the first connection are not asked for again. Every page in production starts like this. */
const FRESH_MS = 5_000;
/** Browsers reconnect by themselves after a lost connection, but not after a refusal. Then we reconnect. */
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 300_000;
/** Within this time, all pages try again when S3 answers again. */
const RECOVERY_SPREAD_MS = 1_000;

/**
 * Passes the events of `GET /events` to a client. All tabs of the browser share one connection, because HTTP/1.1 has only six. The tabs elect
 * one that holds it and passes everything on. When that tab is closed, another one takes over and asks for the events in between.
 *
 * If tabs cannot elect one (plain http on an address other than localhost), each has a connection of its own while it is visible. A page in
 * the back/forward cache has none.
 */
export function listenToServer(client: CacheClient, baseUrl: string, signal: AbortSignal): void {
  let lastEventId: string | undefined;
  let listening: AbortController | undefined;
  const since = performance.now();

  function take({ lastEventId: id, event, isRecovered, isFirst }: ServerMessage): void {
    lastEventId = id ?? lastEventId;
    // At random times, so that not all pages ask a store at once that has just come back.
    if (isRecovered) setTimeout(announceRecovery, Math.random() * RECOVERY_SPREAD_MS);
    else if (event) client.take(event);
    else if (!isFirst || performance.now() - since > FRESH_MS) void resync(client);
  }

  /** Also tells what the service worker of the page keeps, if there is one. */
  function hear(message: ServerMessage): void {
    take(message);
    // Absent on pages without https.
    const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker;
    if (!workers?.controller || message.isRecovered) return;
    import('./offline/keepInStep.ts').then(
      ({ keepInStep }) => keepInStep(baseUrl, message),
      () => {}, // a deployment has replaced the file; the next start of the app makes up for it
    );
  }

  /**
   * Connects to `GET /events`, and again whenever the connection is lost.
   * @param refusals how often the server has refused in a row
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
    source.addEventListener('recovered', ({ lastEventId: id }) => onMessage({ lastEventId: id, isRecovered: true }));
    source.addEventListener('reset', ({ lastEventId: id }) => onMessage({ lastEventId: id }));
    source.addEventListener('message', ({ data, lastEventId: id }) => {
      // The shape of an event is the wire contract of protocol.ts.
      onMessage({ lastEventId: id, event: JSON.parse(data) as CacheEvent });
    });
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED || until.aborted) return;
      until.removeEventListener('abort', close);
      // At random times, so that not all pages ask an overloaded server at once.
      const ms = Math.min(FIRST_RETRY_MS * 2 ** refusals, LAST_RETRY_MS) * (0.5 + Math.random());
      setTimeout(connect, ms, until, onMessage, refusals + 1);
    });
  }

  function start(): void {
    if (listening || !(canShare() || document.visibilityState === 'visible')) return;
    listening = new AbortController();
    const until = listening.signal;
    if (!canShare()) return connect(until, hear);
    const tabs = openTabs(`image-cache events ${new URL(baseUrl, location.href).href}`, until);
    // Only pages of this origin can write to it, and this is all that ours write.
    tabs.subscribe((message) => take(message as ServerMessage));
    tabs.lead(() =>
      connect(until, (message) => {
        hear(message);
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
