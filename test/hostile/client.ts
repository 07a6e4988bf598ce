import { once } from 'node:events';
import http2, { type ClientHttp2Session } from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { certificate } from '../http/expressAppCertificate.ts';
import { type RawAnswer, rawClient } from '../helpers/rawHttp.ts';

/** A client that sends targets and headers as they are, by HTTP/1.1, or by HTTP/2 where the server is https. */
export interface Client {
  send(method: string, target: string, body?: string | Buffer, headers?: Record<string, string>): Promise<RawAnswer>;
  /** Writes bytes of HTTP/1 to a connection of its own, and resolves with all that came back. */
  socket(bytes: string): Promise<string>;
  close(): void;
}

export function createClient(scheme: 'http' | 'https', port: number): Client {
  const http1 = rawClient(`http://127.0.0.1:${port}`);
  if (scheme === 'http') return http1;
  const http2Client = createHttp2Client(port);
  return {
    send: http2Client.send,
    socket: (bytes) => exchange(tls.connect({ port, host: '127.0.0.1', ca: certificate.cert }), 'secureConnect', bytes),
    close: http2Client.close,
  };
}

function createHttp2Client(port: number): Pick<Client, 'send' | 'close'> {
  let session: ClientHttp2Session | undefined;

  /** A server may end a session that it does not like; the next request then begins another. */
  function open(): ClientHttp2Session {
    if (session === undefined || session.closed || session.destroyed) {
      session = http2.connect(`https://127.0.0.1:${port}`, { ca: certificate.cert });
      session.on('error', () => {}); // each stream reports it, too
    }
    return session;
  }

  return {
    async send(method, target, body, headers = {}) {
      const { host, Host = host, ...rest } = headers;
      const head = { ':method': method, ':path': target, ':authority': Host ?? `localhost:${port}`, ...rest };
      const stream = open().request(head, { endStream: body === undefined });
      if (body !== undefined) stream.end(body);
      const [answer]: Record<string, string | string[] | undefined>[] = await once(stream, 'response');
      const text = Buffer.concat(await stream.toArray()).toString('latin1');
      return { status: Number(answer?.[':status']), headers: answer ?? {}, text };
    },
    close: () => session?.destroy(),
  };
}

function exchange(socket: net.Socket, ready: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.once(ready, () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    // A server that has refused enough resets the connection; what it said before counts.
    socket.on('error', () => {}).on('close', () => resolve(text));
  });
}
