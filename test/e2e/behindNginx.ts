import express, { type RequestHandler } from 'express';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createImageCache, type ExpressImageCacheOptions } from '../../plugin/express.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { type Nginx, startNginx } from '../helpers/nginx.ts';
import { readRecipe, type Recipe } from '../helpers/nginxRecipes.ts';
import { type Bucket, imagePath, startBucket } from '../helpers/stack.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface BehindNginx {
  bucket: Bucket;
  nginx: Nginx;
  images: ReturnType<typeof createImageCache>;
  cacheDir: string;
  /** The requests that reached the app: method and URL, as it got them. */
  asked: string[];
  /** The connections that nginx and others have made to the app. */
  connections(): number;
  /** Of the app, without nginx. */
  origin: string;
  /** Asks nginx. @param path below `/api/cache` */
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
  /** Asks the app itself. */
  getDirectly(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
  /** Puts an object into the bucket and into the cache. @returns its entry, and its path at the API */
  store(key: string, bytes: Buffer): Promise<{ entry: ManifestEntry; path: string }>;
}

/** A server of one's own behind nginx, which is set up by the text of docs/cdn.md. */
export async function startBehindNginx({
  recipe,
  options = {},
  middleware = (_request, _response, next) => next(),
  change = (text) => text,
  workerUser,
}: {
  recipe: Recipe;
  options?: Partial<ExpressImageCacheOptions>;
  /** Of the app, before the router. */
  middleware?: RequestHandler;
  /** Changes the recipe. */
  change?: (text: string) => string;
  workerUser?: string;
}): Promise<BehindNginx> {
  const bucket = await startBucket();
  const cacheDir = options.cacheDir ?? join(await temporaryDirectory(), '.image-cache');
  const images = createImageCache({
    buckets: [bucket.option],
    allowedHosts: ['app.example.com'],
    logLevel: 'silent',
    minFreeSpace: 0,
    manage: () => true,
    ...options,
    cacheDir,
  });
  const asked: string[] = [];
  const app = express().disable('x-powered-by');
  app.use((request, _response, next) => {
    asked.push(`${request.method} ${request.originalUrl}`);
    next();
  });
  app.use(middleware);
  app.use('/api/cache', images.router);
  const server = app.listen(0, '127.0.0.1');
  let connections = 0;
  server.on('connection', () => (connections += 1));
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await images.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  const nginx = await startNginx({
    ...(workerUser !== undefined && { workerUser }),
    http: async ({ port, dir }) =>
      change(await readRecipe(recipe, { port, server: new URL(origin).host, dir, cacheDir })),
  });
  const ask = (base: string) => (path: string, headers?: Record<string, string>, method?: string) =>
    send(`${base}/api/cache${path}`, { Host: 'app.example.com', ...headers }, method);
  return {
    bucket,
    nginx,
    images,
    cacheDir,
    asked,
    connections: () => connections,
    origin,
    get: ask(nginx.origin),
    getDirectly: ask(origin),
    async store(key, bytes) {
      bucket.server.put('photos', key, bytes);
      const result = await images.cache.prefetch({ s3_url: await bucket.presign(key) }, '0001');
      if (!('entry' in result)) throw new Error(JSON.stringify(result));
      return { entry: result.entry, path: imagePath(result.entry.local_path) };
    },
  };
}

/** Like `fetch`, but with any `Host`, and with the header lines as they came. */
async function send(url: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const sent = request(url, { method, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage]; // as documented
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
