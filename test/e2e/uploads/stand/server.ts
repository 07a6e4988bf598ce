/**
 * A Vite dev server with uploads, in a process of its own so that it can be killed, and with what a backend has for the other transports.
 * `node server.ts <settings as JSON>` prints `ready <port>`.
 */
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { buffer, text } from 'node:stream/consumers';
import { createServer, type Plugin } from 'vite';
import { imageCache } from 'vite-plugin-image-cache';
import type { SignRequest } from 'vite-plugin-image-cache/uploads';

export interface ServerSettings {
  /** Where the cache, the outbox and Vite's own files are. */
  directory: string;
  endpoint: string;
  bucket: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** Seconds that an upload waits for the bucket. */
  wait: number;
  /** Whether pages hear of changes by Vite's socket. */
  hmr: boolean;
  /** Whether references are kept in the bucket, and pictures without any are deleted at once. */
  deletes: boolean;
}

const settings = JSON.parse(process.argv[2] ?? '') as ServerSettings;
const { directory, endpoint, bucket, credentials, wait, hmr, deletes } = settings;
const s3 = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  maxAttempts: 1,
});
const calls: string[] = [];

/** Signs what the page is to send, and nothing else. */
async function sign({ method, key, size, headers }: SignRequest): Promise<{ url: string }> {
  const object = { Bucket: bucket, Key: key };
  const put = {
    ...object,
    ContentLength: size,
    ContentType: headers['content-type'],
    ChecksumSHA256: headers['x-amz-checksum-sha256'],
    IfNoneMatch: headers['if-none-match'],
  };
  const signed = new Set([...Object.keys(headers), 'content-length']);
  const options = { expiresIn: 60, unhoistableHeaders: signed, signableHeaders: signed };
  if (method === 'PUT') return { url: await getSignedUrl(s3, new PutObjectCommand(put), options) };
  const head = new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' });
  if (method === 'HEAD') return { url: await getSignedUrl(s3, head, options) };
  return { url: await getSignedUrl(s3, new GetObjectCommand(object), options) };
}

/** What an app that does it by itself has. */
const backend: Plugin = {
  name: 'stand:backend',
  configureServer({ middlewares, ws }) {
    middlewares.use(function standMiddleware(request, response, next) {
      const { method = '', url = '' } = request;
      const fail = () => response.writeHead(503).end();
      if (url.startsWith('/api/cache/uploads')) calls.push(`${method} ${url.slice('/api/cache'.length)}`);
      if (url === '/__calls') return void response.end(JSON.stringify(calls));
      if (url === '/__reload') {
        ws.send({ type: 'full-reload' });
        return void response.end();
      }
      if (url === '/__sign') {
        void text(request)
          .then((body) => sign(JSON.parse(body) as SignRequest)) // the page of this stand sends it
          .then((signed) => response.end(JSON.stringify(signed)), fail);
        return;
      }
      if (url.startsWith('/__own/')) {
        void buffer(request)
          .then((Body) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: url.slice('/__own/'.length), Body })))
          .then(() => response.end(), fail);
        return;
      }
      next();
    });
  },
};

const server = await createServer({
  root: fileURLToPath(new URL('page', import.meta.url)),
  cacheDir: `${directory}/.vite`,
  configFile: false,
  logLevel: 'warn',
  // A fault of a proxy is none of the page's.
  server: { port: 0, host: '127.0.0.1', hmr: hmr && { overlay: false } },
  optimizeDeps: { include: ['vite-plugin-image-cache/uploads'] },
  plugins: [
    backend,
    imageCache({
      buckets: [{ name: bucket, endpoint, credentials }],
      cacheDir: `${directory}/.image-cache`,
      minFreeSpace: 0,
      uploads: {
        bucket,
        project: 'stand',
        outboxDir: `${directory}/.image-outbox`,
        wait,
        ...(deletes && { references: 'bucket', gracePeriod: 0 }),
      },
    }),
  ],
});
await server.listen();
flushCompileCache();
console.log(`ready ${new URL(server.resolvedUrls?.local[0] ?? '').port}`);
