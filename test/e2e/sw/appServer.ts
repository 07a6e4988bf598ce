import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { onTestFinished } from 'vitest';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json' };

/** A web server for builds, as any host of static files. */
export interface AppServer {
  /** The address of the app, with a slash at its end. */
  readonly url: string;
  /** What was requested of the API, and what was sent by POST. */
  readonly requests: string[];
  /** Deploys another build, of which these files only if they are named. */
  deploy(directory: string, files?: readonly string[]): void;
  /** Ends all connections and takes no more. */
  stop(): Promise<void>;
}

/**
 * @param base where the app is, e.g. `/app/`
 * @param picture what the API answers to each request for an image
 */
export async function serveApp(directory: string, base: string, picture: Buffer): Promise<AppServer> {
  const requests: string[] = [];
  const overlays = new Map<string, string>();
  let current = directory;

  async function read(path: string): Promise<Buffer | undefined> {
    if (path === 'data.json') return Buffer.from('{"from":"server"}');
    return readFile(join(overlays.get(path) ?? current, path)).catch(() => undefined);
  }

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const send = (status: number, type: string, body: Buffer | string, cache = 'no-store') =>
      void response.writeHead(status, { 'Content-Type': type, 'Cache-Control': cache }).end(body);
    if (request.method !== 'GET' || pathname.startsWith(`${base}api/cache/`)) {
      requests.push(`${request.method} ${request.url}`);
      return send(200, 'image/jpeg', picture, 'public, max-age=31536000, immutable');
    }
    if (pathname === '/outside') return send(200, 'text/html', '<!doctype html><title>outside</title>');
    const path = pathname.slice(base.length) || 'index.html';
    if (!pathname.startsWith(base)) return send(404, 'text/plain', '');
    void read(path).then((bytes) => {
      if (bytes === undefined) send(404, 'text/plain', '');
      else send(200, TYPES[extname(path)] ?? 'application/octet-stream', bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}${base}`,
    requests,
    deploy(next, files) {
      if (files === undefined) current = next;
      for (const file of files ?? []) overlays.set(file, next);
    },
    stop,
  };
}
