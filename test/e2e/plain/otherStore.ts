import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A store of a bucket that takes the signatures of other services than S3, whatever they are. */
export interface OtherStore {
  option: { name: string; endpoint: string };
  put(key: string, contentType: string, produce: () => Promise<Uint8Array>): void;
  sign(key: string, service: keyof typeof SIGNATURES, secondsAgo: number): string;
  gets: Map<string, number>;
  close(): void;
}

/** Queries as these services write them. */
const SIGNATURES = {
  azure: (time: number) => `sv=2024-11-04&se=2030-01-01T00%3A00%3A00Z&sr=b&sp=r&sig=${time}`,
  oss: (time: number) => `OSSAccessKeyId=key&Expires=${time}&Signature=${time}`,
};

const BUCKET = 'others';

export async function openOtherStore(): Promise<OtherStore> {
  const objects = new Map<string, { contentType: string; produce: () => Promise<Uint8Array> }>();
  const gets = new Map<string, number>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://store');
    const key = decodeURIComponent(pathname.slice(`/${BUCKET}/`.length));
    const object = objects.get(key);
    gets.set(key, (gets.get(key) ?? 0) + 1);
    if (!object) return response.writeHead(404).end();
    return object.produce().then(
      (body) =>
        response.writeHead(200, { 'Content-Type': object.contentType, 'Content-Length': body.length }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    option: { name: BUCKET, endpoint },
    put: (key, contentType, produce) => objects.set(key, { contentType, produce }),
    sign(key, service, secondsAgo) {
      const time = Math.floor(Date.now() / 1000) + 900 - secondsAgo;
      return `${endpoint}/${BUCKET}/${key}?${SIGNATURES[service](time)}`;
    },
    gets,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
