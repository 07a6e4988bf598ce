import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ImageCacheServer } from '../../plugin/express.ts';
import { certificate } from './expressAppCertificate.ts';

/** A connection over HTTP/2 to a server of the API, until the test is over. */
export async function http2Session(router: ImageCacheServer['router']): Promise<ClientHttp2Session> {
  const server = createSecureServer(certificate, (request, response) => {
    // The middleware's types know HTTP/1 only.
    router(request as unknown as IncomingMessage, response as unknown as ServerResponse, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const session = connect(`https://localhost:${port}`, { ca: certificate.cert });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  return session;
}
