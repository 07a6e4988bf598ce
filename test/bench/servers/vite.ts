import { createServer } from 'vite';
import type { AddressInfo } from 'node:net';
import { imageCache } from '../../../plugin/index.ts';
import type { ImageCacheOptions } from '../../../plugin/options.ts';
import type { RunningServer } from './kinds.ts';

/** Vite's dev server with this plugin: what lies in `<root>/public` is Vite's own to serve. */
export async function start({ root, images }: { root: string; images: ImageCacheOptions }): Promise<RunningServer> {
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
    plugins: [imageCache({ logLevel: 'warn', ...images })],
  });
  await server.listen();
  const address = server.httpServer?.address() as AddressInfo; // it listens on TCP
  return { port: address.port, close: () => server.close() };
}
