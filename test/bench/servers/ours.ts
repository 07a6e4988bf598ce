import { type ExpressImageCacheOptions, createImageCache } from '../../../plugin/express.ts';
import type { RunningServer } from './kinds.ts';
import { listen } from './listen.ts';

export interface OurOptions extends ExpressImageCacheOptions {
  /** Asks a hook for each image, and serves at `/api/cache`. */
  isPrivate?: boolean;
}

const BASE = '/api/cache';

/** This package, without Vite and without Express around it. */
export async function start({ isPrivate = false, ...options }: OurOptions): Promise<RunningServer> {
  const images = createImageCache({
    logLevel: 'warn',
    ...options,
    ...(isPrivate && { authorize: async (_request, { key }) => key !== '' }),
  });
  const server = await listen((request, response) => {
    if (isPrivate) request.url = request.url?.slice(BASE.length);
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
