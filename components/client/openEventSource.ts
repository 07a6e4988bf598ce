import type { CacheEvent } from '../../plugin/protocol.ts';
import type { ServerMessage } from './serverEvents.ts';

export interface EventSourceSettings {
  /** Closes it. */
  until: AbortSignal;
  withCredentials?: boolean;
  /** The last event that this page knows of, from whichever connection. */
  getLastEventId(): string | undefined;
  onMessage(message: ServerMessage): void;
}

/** The browser itself comes back after a lost connection; after a refusal it does not, so we do. */
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 300_000;

/** A connection to `GET /events`, made again whenever it is lost. */
export function openEventSource(url: string, settings: EventSourceSettings): void {
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
