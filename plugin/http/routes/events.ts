import type { Request } from 'express';
import type { ImageCache } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { CacheEvent, ManifestEntry } from '../../protocol.ts';
import type { HttpContext } from '../context.ts';
import { cutOff } from '../cutOff.ts';
import { isAuthorized } from '../ensureAuthorized.ts';
import { EventLog, type LoggedEvent } from '../eventLog.ts';
import { EventReaders } from '../eventReaders.ts';
import type { Handler } from '../handlers.ts';
import { parseQuery } from '../query.ts';
import { securityHeaders } from '../respond.ts';
import { streamEvents } from '../streamEvents.ts';

/**
 * `GET /events[?last_event_id=]`: what happens in the cache, as server-sent events. The parameter stands for the header
 * `Last-Event-ID`, which a page cannot set on the first connection of an EventSource.
 */
export function eventsRoute(context: HttpContext): Handler {
  let log: EventLog | undefined;
  const readers = new EventReaders();

  return async (request, response) => {
    const { last_event_id } = parseQuery(request.url, { last_event_id: 'INVALID_URL' });
    // Kept from the first reader on: nobody else can have missed anything.
    log ??= watchedLog(context.cache);
    if (request.method === 'HEAD') {
      response.set(securityHeaders(response)).type('text/event-stream').end();
      return undefined;
    }
    if (log.isClosed) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
    const leave = readers.admit(request.socket.remoteAddress ?? '', () => cutOff(response));
    try {
      await streamEvents(log, response, {
        lastEventId: request.get('last-event-id') ?? last_event_id,
        show: (logged) => visiblePart(context, request, logged),
      });
    } finally {
      leave();
    }
    return undefined;
  };
}

function watchedLog(cache: ImageCache): EventLog {
  const log = new EventLog();
  cache.watch(log);
  return log;
}

/** What `authorize` leaves of an event. That everything was cleared may be known to all, but not what there was. */
async function visiblePart(
  context: HttpContext,
  request: Request,
  { event, entries }: LoggedEvent,
): Promise<CacheEvent | undefined> {
  if (event === undefined || context.authorize === undefined) return event;
  // The other events must not end with one of which the hook throws.
  const isVisible = (entry: ManifestEntry) => isAuthorized(context, request, entry).catch(() => false);
  const visible = await Promise.all(entries.map(isVisible));
  const s3_urls = entries.flatMap(({ s3_url }, index) => (visible[index] ? [s3_url] : []));
  if (event.type === 'cleared' && event.actor_id === undefined) return { ...event, s3_urls };
  if (s3_urls.length === 0) return undefined;
  return event.type === 'stored' ? event : { ...event, s3_urls };
}
