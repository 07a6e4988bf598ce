import { CopyObjectCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { onTestFinished } from 'vitest';
import type { ImageWorkerOptions } from '../../../components/sw/index.ts';
import type { Bucket } from '../../helpers/stack.ts';

/** A site with a page and a service worker, like a PWA: both also open without a network. */
export interface Site {
  readonly origin: string;
  /** What was requested of it, other than the page and the worker. */
  readonly requests: string[];
  /** Another worker, as after a deployment. */
  deploy(worker: string): void;
  /** Ends all connections and takes no more. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>site</title>
<script src="/page.js"></script>`;

/** The shell of the app, as any service worker keeps it. */
const SHELL = `
self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open('shell').then((cache) => cache.addAll(['/', '/page.js'])));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  if (new URL(event.request.url).origin === location.origin) {
    event.respondWith(caches.match(event.request).then((found) => found ?? fetch(event.request)));
  }
});`;

const dist = fileURLToPath(new URL('../../../dist/components/', import.meta.url));
let script: Promise<string> | undefined;

/** What a bundler makes of the page's script. */
async function pageScript(): Promise<string> {
  const entry = '\0entry';
  const imports = ['sw', 'client'].map(
    (name) => `import * as ${name} from ${JSON.stringify(join(dist, name, 'index.js'))};`,
  );
  const code = [...imports, 'window.kit = { ...sw, ...client };'].join('\n');
  const build = await rolldown({
    input: entry,
    platform: 'browser',
    transform: { define: { 'import.meta': '{}' } }, // a classic script has none
    plugins: [
      {
        name: 'entry',
        resolveId: (source) => (source === entry ? entry : null),
        load: (source) => (source === entry ? code : null),
      },
    ],
  });
  const { output } = await build.generate({ format: 'iife', codeSplitting: false });
  await build.close();
  return output[0].code;
}

/** A classic script, as it is published. @param options as they are, or written in JavaScript */
export async function workerOf(options: ImageWorkerOptions | string): Promise<string> {
  const text = typeof options === 'string' ? options : JSON.stringify(options);
  return `${await readFile(join(dist, 'sw', 'classic.js'), 'utf8')}\nimageCacheWorker.handleImages(${text});\n${SHELL}`;
}

/** @param api of our server, below `/api/cache` */
export async function openSite(worker: string, api?: RequestListener): Promise<Site> {
  const requests: string[] = [];
  let served = worker;
  const page = await (script ??= pageScript());
  const server = createServer((request, response) => {
    const { url = '' } = request;
    const send = (type: string, body: string) =>
      void response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    if (url === '/' || url === '/app/') return send('text/html', PAGE);
    if (url === '/page.js') return send('text/javascript', page);
    if (url.endsWith('/worker.js')) return send('text/javascript', served);
    requests.push(url);
    if (api && url.startsWith('/api/cache')) return api(request, response);
    response.writeHead(404).end();
  });
  let port = 0;
  async function start(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo); // it listens on TCP
  }
  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await start();
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${port}`, requests, deploy: (next) => (served = next), start, stop };
}

/** @returns signs an object, each time in another way: a page shows what it has shown by the same URL by itself */
export function signer(bucket: Bucket): (key: string) => Promise<string> {
  const began = Date.now();
  let count = 0;
  return async (key) => {
    count += 1;
    return bucket.presign(key, (Date.now() - began) / 1_000 + 2 * count);
  };
}

/** Lets the pages of all origins read the bucket. */
export async function allowReading(bucket: Bucket): Promise<void> {
  const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }];
  await tell(bucket, new PutBucketCorsCommand({ Bucket: bucket.option.name, CORSConfiguration: { CORSRules } }));
}

/** Lets browsers keep an object for a year. */
export async function keepForAYear(bucket: Bucket, key: string): Promise<void> {
  const object = { Bucket: bucket.option.name, Key: key };
  const lasting = {
    CacheControl: 'max-age=31536000',
    ContentType: 'image/jpeg',
    MetadataDirective: 'REPLACE',
  } as const;
  await tell(bucket, new CopyObjectCommand({ ...object, ...lasting, CopySource: `${object.Bucket}/${key}` }));
}

async function tell({ option }: Bucket, command: PutBucketCorsCommand | CopyObjectCommand): Promise<void> {
  const { endpoint, credentials } = option;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  // Each overload of `send` takes one kind of command.
  await (command instanceof CopyObjectCommand ? client.send(command) : client.send(command));
  client.destroy();
}
