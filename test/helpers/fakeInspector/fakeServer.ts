import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInspector } from '../../../plugin/http/inspector/inspector.ts';
import { createInspectorPage } from '../../../plugin/http/inspector/page.ts';
import { fakeAnswer, type FakeState } from './fakeApi.ts';

/** The pictures of a fake: their bytes and type, by the path of an image. */
export type FakePictures = (path: string) => { type: string; bytes: Buffer };

/** The built page of the inspector, as it is served, over a fake of its API. */
export async function startFakeInspector(state: FakeState, picture: FakePictures = drawnPicture) {
  const inspector = createInspector({ page: createInspectorPage({ allowedHosts: [] }), api });
  const server = createServer((request, response) => inspector(request, response, () => response.writeHead(404).end()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP

  function api(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', method = 'GET' } = request;
    if (/^\/(?:thumb|image)\?/.test(url)) {
      const { type, bytes } = picture(new URL(url, 'http://fake').searchParams.get('path') ?? '');
      response.writeHead(200, { 'Content-Type': type, 'Cross-Origin-Resource-Policy': 'same-origin' }).end(bytes);
      return;
    }
    void request.toArray().then((chunks) => {
      const { status, type, text } = fakeAnswer(state, method, url, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'Content-Type': type }).end(text);
    });
  }

  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A picture of two colours. */
function drawnPicture(path: string): { type: string; bytes: Buffer } {
  const hue = Array.from(path).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="hsl(${hue} 40% 70%)"/><circle cx="210" cy="70" r="34" fill="hsl(${hue} 60% 90%)"/></svg>`;
  return { type: 'image/svg+xml', bytes: Buffer.from(svg) };
}
