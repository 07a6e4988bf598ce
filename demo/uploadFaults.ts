import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import type { UploadFaults } from './api.ts';
import { isCrossSite, readBody, sendJson } from './network.ts';

const SLOW_MS = 4_000;
const DEFAULT_BASE = '/api/cache';

/**
 * What can go wrong between the page and its dev server while pictures are added and notes are saved: `GET·PUT /demo/upload-faults`. And
 * `POST /demo/restart` restarts the dev server, in the middle of whatever it does. Comes before the plugin that it breaks.
 */
export function uploadFaultsPlugin(): Plugin {
  // Outside of the server, so that a restart keeps what was switched.
  const faults: UploadFaults = { server: 'fine' };
  function mount(server: ViteDevServer | PreviewServer): void {
    server.middlewares.use('/demo/upload-faults', async function uploadFaultsMiddleware(request, response, next) {
      try {
        await answerFaults(request, response, faults);
      } catch (error) {
        next(error);
      }
    });
    server.middlewares.use('/demo/restart', function restartMiddleware(request, response) {
      if (request.method !== 'POST' || isCrossSite(request)) return sendJson(response, 403, {});
      if (!('restart' in server)) return sendJson(response, 404, { detail: 'A preview cannot restart itself' });
      sendJson(response, 202, {});
      response.once('close', () => void server.restart());
    });
    for (const path of [`${DEFAULT_BASE}/uploads`, '/demo/notes']) {
      server.middlewares.use(path, async function brokenServerMiddleware(request, response, next) {
        const { server: fault } = faults;
        if (fault === 'unreachable') {
          request.socket.destroy();
          return;
        }
        if (fault === 'slow' && request.method === 'PUT') await sleep(SLOW_MS);
        if (fault === 'lost-answers' && request.method === 'PUT') loseAnswer(response);
        next();
      });
    }
  }
  return { name: 'demo-upload-faults', apply: 'serve', configureServer: mount, configurePreviewServer: mount };
}

/** The request is served to its end, but the connection is cut before the answer. */
function loseAnswer(response: ServerResponse): void {
  response.writeHead = () => {
    response.destroy();
    return response;
  };
}

async function answerFaults(request: IncomingMessage, response: ServerResponse, faults: UploadFaults): Promise<void> {
  if (request.method === 'PUT') {
    const server = isCrossSite(request) ? undefined : parseServer(await readBody(request));
    if (server === undefined) return sendJson(response, 400, { detail: 'Expected a fault of the server' });
    faults.server = server;
  }
  sendJson(response, 200, faults);
}

const FAULTS: readonly UploadFaults['server'][] = ['fine', 'slow', 'lost-answers', 'unreachable'];

function parseServer(text: string): UploadFaults['server'] | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('server' in body)) return undefined;
    return FAULTS.find((fault) => fault === body.server);
  } catch {
    return undefined;
  }
}
