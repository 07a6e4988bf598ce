import type { ServerResponse } from 'node:http';
import type { CacheEvent } from '../protocol.ts';
import type { EventLog, LoggedEvent } from './eventLog.ts';
import { requesterSignal } from './requesterSignal.ts';
import { securityHeaders } from './respond.ts';

/** Proxies close connections that are silent for long; nginx after a minute. */
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it reconnects. */
const RETRY_MS = 5_000;

export interface Reader {
  /** The id of the last event that the reader has seen, as it sent it; `undefined` if it sent none. */
  lastEventId: string | undefined;
  /** The part of an event that the reader may see; `undefined` for nothing. */
  show(logged: LoggedEvent): Promise<CacheEvent | undefined>;
}

/**
 * Sends server-sent events (HTML Living Standard, 9.2) until the reader leaves or the cache is closed:
 * - `ready`, once at the beginning: its id is the one to reconnect with;
 * - a message, JSON of a {@link CacheEvent}, for each change;
 * - `recovered`, when what kept images from arriving is over;
 * - `reset`, when the reader has missed changes that are no longer in the log: everything that it knows may be out of date.
 *
 * At most one chunk waits in the socket. A reader that reads nothing between two heartbeats is dropped; a slow reader gets its next
 * events from the log later.
 */
export async function streamEvents(log: EventLog, response: ServerResponse, reader: Reader): Promise<void> {
  const left = requesterSignal(response);
  const outlet = openOutlet(response);
  const heartbeat = setInterval(() => outlet.beat(), HEARTBEAT_MS).unref();
  try {
    // A reader that has seen nothing has missed nothing.
    let position = reader.lastEventId === undefined ? log.last : log.numberOf(reader.lastEventId);
    await outlet.write(`retry: ${RETRY_MS}\nevent: ready\n${message(log, position, {})}`);
    while (!log.isClosed && !left.aborted) {
      const events = position === undefined ? undefined : log.after(position);
      if (events === undefined) {
        position = log.last;
        await outlet.write(`event: reset\n${message(log, position, {})}`);
        continue;
      }
      for (const logged of events) {
        position = logged.number;
        await outlet.write(await toText(log, logged, reader));
      }
      if (events.length === 0) await log.more(left);
    }
  } finally {
    clearInterval(heartbeat);
    outlet.end();
  }
}

async function toText(log: EventLog, logged: LoggedEvent, reader: Reader): Promise<string> {
  if (logged.event === 'recovered') return `event: recovered\n${message(log, logged.number, {})}`;
  if (logged.event === undefined) return `event: reset\n${message(log, logged.number, {})}`;
  const event = await reader.show(logged);
  return event === undefined ? '' : message(log, logged.number, event);
}

/** JSON has no line breaks, so one `data` line is enough. */
function message(log: EventLog, number: number | undefined, data: object): string {
  const id = number === undefined ? '' : `id: ${log.idOf(number)}\n`;
  return `${id}data: ${JSON.stringify(data)}\n\n`;
}

/** Writes one text at a time, the next one when the socket has taken the last. Never rejects, as a reader may leave at any time. */
function openOutlet(response: ServerResponse) {
  response.writeHead(200, {
    ...securityHeaders(response),
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform', // a compressor would hold events back
    'X-Accel-Buffering': 'no', // and so would nginx
  });
  let taken: (() => void) | undefined;
  let isStalled = false;
  let isGone = false; // HTTP/2's response has no `destroyed`
  const settle = () => {
    isStalled = false;
    taken?.();
    taken = undefined;
  };
  response.on('drain', settle);
  response.once('close', () => {
    isGone = true;
    settle();
  });

  return {
    write(text: string): Promise<void> | undefined {
      if (text === '' || isGone || response.write(text)) return undefined;
      return new Promise((resolve) => (taken = resolve));
    },
    beat(): void {
      if (taken === undefined) response.write(':\n\n');
      else if (isStalled) response.destroy();
      else isStalled = true;
    },
    end(): void {
      if (!isGone) response.end();
    },
  };
}
