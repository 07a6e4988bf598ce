import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningServer } from './kinds.ts';

/** A plain `node:http` server on a free port. */
export async function listen(handler: RequestListener): Promise<RunningServer> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
