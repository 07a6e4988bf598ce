import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type S3Server, createS3Server } from '../../demo/s3/index.ts';
import { type ExpressImageCacheOptions, type ImageCacheServer, createImageCache } from '../../plugin/express.ts';
import { temporaryDirectory } from './directory.ts';

const BUCKET = 'photos';

/** A private bucket on a real S3 server. */
export interface Bucket {
  server: S3Server;
  /** Signs a URL as the app's backend does. In another second, the signature is another one. */
  presign(key: string, secondsAgo?: number): Promise<string>;
  /** The bucket, as the option `buckets` has it, with credentials. */
  option: { name: string; endpoint: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  close(): Promise<void>;
}

/** A bucket for one test. */
export async function startBucket(): Promise<Bucket> {
  const bucket = await openBucket();
  onTestFinished(() => bucket.close());
  return bucket;
}

/** A bucket for more than one test. The caller has to close it. */
export async function openBucket(): Promise<Bucket> {
  const server = await createS3Server({ buckets: [BUCKET] });
  const { endpoint, credentials } = server;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  return {
    server,
    async close() {
      client.destroy();
      await server.close();
    },
    presign: (key, secondsAgo = 0) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: key }), {
        expiresIn: 900,
        signingDate: new Date(Date.now() - secondsAgo * 1000),
      }),
    option: { name: BUCKET, endpoint, credentials },
  };
}

/** The API on a plain HTTP server of its own. */
export interface Api {
  images: ImageCacheServer;
  /** The base URL of the API. */
  base: string;
  dir: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export async function startApi(bucket: Bucket, options: Partial<ExpressImageCacheOptions> = {}): Promise<Api> {
  const dir = options.cacheDir ?? join(await temporaryDirectory(), '.image-cache');
  const images = createImageCache({
    buckets: [bucket.option],
    logLevel: 'silent',
    minFreeSpace: 0,
    manage: () => true,
    ...options,
    cacheDir: dir,
  });
  const http = createServer((request, response) => {
    images.router(request, response, () => response.writeHead(599).end());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    http.closeAllConnections();
    http.close();
    await images.close();
  });
  const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`; // it listens on TCP
  return {
    images,
    base,
    dir,
    get: (path, headers = {}) => fetch(base + path, { headers }),
    post: (path, body, headers = {}) =>
      fetch(base + path, {
        method: 'POST',
        ...(body === undefined
          ? { headers }
          : { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) }),
      }),
  };
}

export const imageUrl = (url: string) => `/image?url=${encodeURIComponent(url)}`;
export const imagePath = (path: string) => `/image?path=${encodeURIComponent(path)}`;
