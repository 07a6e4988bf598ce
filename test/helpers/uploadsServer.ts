import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BucketOptions, createImageCache, type UploadsOptions } from '../../plugin/express.ts';
import { PROJECT } from './uploads.ts';

/** A server of one's own with uploads. */
export interface UploadsServer {
  base: string;
  close(): Promise<void>;
}

/** Starts a server, with its directories in `dir`. The caller has to close it. */
export async function openUploadsServer(
  dir: string,
  bucket: BucketOptions,
  uploads: Partial<UploadsOptions> = {},
): Promise<UploadsServer> {
  const images = createImageCache({
    buckets: [bucket],
    cacheDir: `${dir}/.image-cache`,
    uploads: { bucket: bucket.name, project: PROJECT, outboxDir: `${dir}/.image-outbox`, ...uploads },
    authorizeUpload: () => 'owner',
    minFreeSpace: 0,
    logLevel: 'silent',
  });
  const server = createServer((request, response) => images.router(request, response, () => response.end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    async close() {
      server.closeAllConnections();
      server.close();
      await images.close();
    },
  };
}
