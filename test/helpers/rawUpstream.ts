import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** One request, as it was received. */
export interface RawRequest {
  method: string;
  /** The request target, byte for byte. */
  target: string;
  /** Lower-case names. */
  headers: Map<string, string>;
  socket: Socket;
  /** The number of the request, beginning with 1. */
  number: number;
}

export interface RawUpstream {
  origin: string;
  port: number;
  requests: RawRequest[];
  /** Sockets open now. */
  readonly open: number;
  /** Connections ever accepted. */
  readonly connections: number;
  close(): Promise<void>;
}

/**
 * An HTTP server without an HTTP library, so that it can break every rule of HTTP. The handler is called with each request when its head is
 * complete, and may write anything to `request.socket`.
 */
export async function startRawUpstream(handle: (request: RawRequest) => unknown): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const requests: RawRequest[] = [];
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let buffered = '';
    socket.on('data', (data) => {
      buffered += data.toString('latin1');
      for (let end = buffered.indexOf('\r\n\r\n'); end !== -1; end = buffered.indexOf('\r\n\r\n')) {
        const request = parseHead(buffered.slice(0, end), socket, requests.length + 1);
        buffered = buffered.slice(end + 4);
        requests.push(request);
        handle(request);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The address of a TCP server is never the name of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    get open() {
      return sockets.size;
    },
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole answer. It has a Content-Length, unless the headers have another one or leave it out. */
export function answer(
  status: number,
  headers: Record<string, string | number | string[]> = {},
  body: string | Buffer = '',
): Buffer {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const framed = names.has('content-length') || names.has('transfer-encoding') || names.has('x-unframed');
  const all = framed ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(all).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}`));
  return Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status} Whatever`, ...lines, '', ''].join('\r\n'), 'latin1'),
    Buffer.from(body),
  ]);
}

/** S3's error document, quoting the request as the real one does. */
export function errorXml(code: string, message = '', extra = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${extra}<RequestId>ABC</RequestId></Error>`;
}

function parseHead(head: string, socket: Socket, number: number): RawRequest {
  const [requestLine = '', ...lines] = head.split('\r\n');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, target, headers, socket, number };
}
