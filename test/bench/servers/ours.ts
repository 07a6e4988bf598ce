import { type ExpressImageCacheOptions, createImageCache } from '../../../plugin/express.ts';
import type { RunningServer } from './kinds.ts';
import { listen } from './listen.ts';

/** This package, without Vite and without Express around it. */
export async function start(options: ExpressImageCacheOptions): Promise<RunningServer> {
  const images = createImageCache({ logLevel: 'warn', ...options });
  const server = await listen((request, response) => {
    images.router(request, response, () => response.writeHead(599).end());
  });
  return {
    port: server.port,
    async close() {
      await server.close();
      await images.close();
    },
  };
}
