import { ImageCacheError } from '../../errors.ts';
import { abortResponse } from '../abortResponse.ts';
import { defineRoute } from '../defineRoute.ts';
import { securityHeaders } from '../respond.ts';
import { streamEvents } from '../streamEvents.ts';

/**
 * Sends changes in the cache as server-sent events. The parameter replaces the header `Last-Event-ID`, which a page cannot set for
 * the first connection of an EventSource.
 */
export const eventsRoute = defineRoute({
  method: 'GET',
  path: '/events',
  access: 'images',
  query: { last_event_id: 'INVALID_URL' },
  async handler({ request, response, query, images, readers }) {
    const { events } = images;
    if (request.method === 'HEAD') {
      response.set(securityHeaders(response)).type('text/event-stream').end();
      return undefined;
    }
    if (events.isClosed) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
    const leave = readers.admit(request.socket.remoteAddress ?? '', () => abortResponse(response));
    try {
      await streamEvents(events, response, {
        lastEventId: request.get('last-event-id') ?? query.last_event_id,
        show: (logged) => images.shown(request, logged),
      });
    } finally {
      leave();
    }
    return undefined;
  },
});
