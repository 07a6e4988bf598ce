import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checksumOf } from './checksums.ts';
import { handleControl, isControlRequest } from './control.ts';
import { FaultInjector, noFaults, type Faults } from './faults.ts';
import { MultipartUploads } from './multipart.ts';
import { ObjectStore } from './objectStore.ts';
import { S3Service } from './service.ts';
import type { Credentials } from './sigv4.ts';
import { createStats, type Stats } from './stats.ts';

export interface S3ServerOptions {
  /** @default 0, which means any free port */
  port?: number;
  /** @default '127.0.0.1' */
  host?: string;
  /** The only credentials that are accepted. @default DEMOKEY and demosecret */
  credentials?: Credentials;
  /** @default 'us-east-1' */
  region?: string;
  /** Buckets that exist from the start. @default [] */
  buckets?: readonly string[];
  /** The time for signatures and dates, in milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Faults from the start on. @default none */
  faults?: Partial<Faults>;
}

export interface S3Server {
  /** E.g. `http://127.0.0.1:9000`. */
  readonly endpoint: string;
  readonly port: number;
  readonly credentials: Credentials;
  /** The current faults. A changed field has an effect on the next request. */
  readonly faults: Faults;
  readonly stats: Stats;
  /** Stores an object without a request. The bucket is created if necessary. */
  put(bucket: string, key: string, body: Uint8Array, options?: { contentType?: string }): void;
  /** Stores an object whose bytes are made once, at its first GET, HEAD or listing. A failure is not remembered. */
  putLazy(bucket: string, key: string, options: { contentType: string; produce(): Promise<Uint8Array> }): void;
  /** Stops the server, and aborts running requests. */
  close(): Promise<void>;
}

/**
 * Starts an S3-compatible server in this process. All data is in memory, and lost when the server closes.
 *
 * @example
 * const s3 = await createS3Server({ buckets: ['photos'] });
 * s3.put('photos', 'a.jpg', bytes, { contentType: 'image/jpeg' });
 * s3.faults.slowDown = 0.5;
 */
export async function createS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { port = 0, host = '127.0.0.1', region = 'us-east-1', buckets = [], now = Date.now } = options;
  const credentials = options.credentials ?? { accessKeyId: 'DEMOKEY', secretAccessKey: 'demosecret' };
  const faults = { ...noFaults(), ...options.faults };
  const stats = createStats();
  const store = new ObjectStore(now);
  for (const bucket of buckets) store.create(bucket);

  const service = new S3Service({
    store,
    uploads: new MultipartUploads(now),
    verifier: { credentials, region, now },
    injector: new FaultInjector(faults, now),
    stats,
  });
  // Clients close idle connections earlier. So this server never closes one at the moment when a request is being sent.
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    const handled = isControlRequest(incoming)
      ? handleControl(incoming, response, { faults, stats })
      : service.handle(incoming, response);
    // This only fails if a client has left in the middle of its body.
    handled.catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // A server that listens on TCP has an AddressInfo.
  const address = server.address() as AddressInfo;

  return {
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    credentials,
    faults,
    stats,
    put(bucket, key, body, { contentType = 'binary/octet-stream' } = {}) {
      const bytes = Buffer.from(body);
      const attributes = { headers: { 'content-type': contentType }, checksum: checksumOf('crc32', bytes) };
      store.create(bucket).objects.put(key, bytes, attributes);
    },
    putLazy(bucket, key, { contentType, produce }) {
      store.create(bucket).objects.putLazy(key, contentType, produce);
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
