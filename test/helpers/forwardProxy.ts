import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A proxy, and its requests: `CONNECT host:port`, or `GET http://host/path`. */
export interface ForwardProxy {
  url: string;
  asked: string[];
  /** `Proxy-Authorization` of each request. */
  authorizations: (string | undefined)[];
  /** What it does when a tunnel is requested. @default 'connect' */
  behaviour: 'connect' | 'hang' | number;
  /** Sockets open now. */
  readonly open: number;
}

/** A proxy on this machine that resolves names by itself. `ports` has the local port of each `host:port`. */
export async function startForwardProxy(ports: Record<string, number>): Promise<ForwardProxy> {
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    const { host, pathname, search } = new URL(request.url ?? '');
    const port = ports[host.includes(':') ? host : `${host}:80`];
    if (port === undefined) return void response.writeHead(502).end();
    const onward = http.request({ port, host: '127.0.0.1', path: pathname + search, headers: request.headers });
    onward.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
    onward.end();
  });
  const proxy: ForwardProxy = {
    url: '',
    asked,
    authorizations,
    behaviour: 'connect',
    get open() {
      return sockets.size;
    },
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    socket.on('error', () => undefined);
    if (proxy.behaviour === 'hang') return void socket.resume().on('end', () => socket.end());
    if (typeof proxy.behaviour === 'number') return void socket.end(`HTTP/1.1 ${proxy.behaviour} No\r\n\r\n`);
    const port = ports[request.url ?? ''];
    if (port === undefined) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const onward = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return proxy;
}
