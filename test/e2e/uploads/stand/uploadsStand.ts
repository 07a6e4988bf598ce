import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutBucketCorsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createS3Server, type S3Server } from '../../../../demo/s3/index.ts';
import { type Child, spawnUntil } from '../../../helpers/child.ts';
import type { ServerSettings } from './server.ts';
import { startTcpProxy, type TcpProxy } from './tcpProxy.ts';

const BUCKET = 'pictures';
const SERVER = fileURLToPath(new URL('server.ts', import.meta.url));
const NO_FAULTS = { latencyMs: 0, putSlowDown: 0, putExpired: 0, lostResponse: 0, offline: false, bytesPerSecond: 0 };

/** A dev server in a process of its own, a bucket, and a proxy before each of them. */
export interface UploadsStand {
  readonly s3: S3Server;
  /** Where the dev server has `.image-cache` and `.image-outbox`. */
  readonly directory: string;
  /** Between the bucket and everything that uses it, the browser included. */
  readonly toBucket: TcpProxy;
  /** SIGKILL. Pages are told nothing. */
  killServer(): Promise<void>;
  startServer(): Promise<void>;
  /** A way to the dev server: for a browser a site of its own, with its own storage. */
  openSite(): Promise<Site>;
  /** Digests of the objects in the bucket, by key. */
  objects(): Promise<Map<string, string>>;
  /** The bytes of an object. */
  read(key: string): Promise<Buffer>;
  /** How long an object may be kept by those who have read it. */
  cacheControlOf(key: string): Promise<string | undefined>;
  /** The URL of an object, as notes have it. */
  urlOf(key: string): string;
  /** How often each key was written. */
  writes(): Map<string, number>;
  /** `method path` of the calls about uploads that the dev server has got since it was started. */
  calls(): Promise<string[]>;
  /** Ends all faults. */
  mend(): void;
  close(): Promise<void>;
}

export interface Site {
  readonly origin: string;
  readonly proxy: TcpProxy;
}

export interface StandOptions {
  /** Seconds that an upload waits for the bucket. @default 1 */
  wait?: number;
  /** Whether pages hear of changes by Vite's socket. @default true */
  hmr?: boolean;
  /** Whether pictures without a reference are deleted at once. @default false */
  deletes?: boolean;
}

export async function startUploadsStand({
  wait = 1,
  hmr = true,
  deletes = false,
}: StandOptions = {}): Promise<UploadsStand> {
  const directory = await mkdtemp(join(tmpdir(), 'image-cache-uploads-'));
  const s3 = await createS3Server({ buckets: [BUCKET] });
  const toBucket = await startTcpProxy(s3.port);
  const endpoint = `http://127.0.0.1:${toBucket.port}`;
  const { credentials } = s3;
  const settings: ServerSettings = { directory, endpoint, bucket: BUCKET, credentials, wait, hmr, deletes };
  const client = new S3Client({ endpoint: s3.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration: { CORSRules: [STAND_CORS] } }));
  const sites: TcpProxy[] = [];
  let server: Child | undefined;
  let port: number | undefined;

  function point(to: number | undefined): void {
    port = to;
    for (const proxy of sites) proxy.target = to;
  }

  const stand: UploadsStand = {
    s3,
    directory,
    toBucket,
    async killServer() {
      await server?.kill('SIGKILL');
      server = undefined;
      point(undefined);
    },
    async startServer() {
      server = await spawnUntil(process.execPath, [SERVER, JSON.stringify(settings)], 'ready ');
      point(Number(server.ready));
    },
    async openSite() {
      const proxy = await startTcpProxy(port);
      sites.push(proxy);
      return { proxy, origin: `http://localhost:${proxy.port}` };
    },
    async objects() {
      const found = new Map<string, string>();
      let token: string | undefined;
      do {
        const page = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: token }));
        for (const { Key = '' } of page.Contents ?? []) {
          // It may be deleted between the listing and this.
          const bytes = await stand.read(Key).catch((error: unknown) => {
            if (!(error instanceof NoSuchKey)) throw error;
          });
          if (bytes) found.set(Key, createHash('sha256').update(bytes).digest('hex'));
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return found;
    },
    async read(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    cacheControlOf: async (key) =>
      (await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }))).CacheControl,
    urlOf: (key) => `${endpoint}/${BUCKET}/${key}`,
    writes: () => new Map(Array.from(s3.stats.writes, ([name, count]) => [name.slice(BUCKET.length + 1), count])),
    async calls() {
      return (await (await fetch(`http://127.0.0.1:${port}/__calls`)).json()) as string[]; // as server.ts sends it
    },
    mend() {
      Object.assign(s3.faults, NO_FAULTS);
      for (const proxy of [toBucket, ...sites]) proxy.mend();
    },
    async close() {
      await stand.killServer();
      for (const proxy of [toBucket, ...sites]) await proxy.down();
      client.destroy();
      await s3.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
  await stand.startServer();
  return stand;
}

/** What a page needs of the bucket that sends by signed URLs. */
export const STAND_CORS = {
  AllowedOrigins: ['*'],
  AllowedMethods: ['PUT', 'HEAD', 'GET'],
  AllowedHeaders: ['*'],
  ExposeHeaders: ['x-amz-checksum-sha256'],
};
