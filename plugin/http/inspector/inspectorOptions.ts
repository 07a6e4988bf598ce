import type { IncomingMessage } from 'node:http';

/** Settings of the inspector in a server of your own. */
export interface InspectorOptions {
  /**
   * Decides who may use the inspector. It shows every image of the cache and can remove it, so let in who runs the server, and nobody
   * else. Is asked for the page and for each of its calls. Anything but `true` within ten seconds refuses with 403.
   * @example
   * authorize: async (request) => (await sessionOf(request))?.isAdmin === true
   */
  authorize: (request: IncomingMessage) => boolean | Promise<boolean>;
}
