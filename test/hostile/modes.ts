import express from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type InlineConfig, createLogger, createServer, preview } from 'vite';
import { type ImageCacheOptions, imageCache } from '../../plugin/index.ts';
import { createImageCache } from '../../plugin/express.ts';
import { certificate } from '../http/expressAppCertificate.ts';

/** A way to mount the API, and where it differs from the others for a good reason. */
export interface Mode {
  name: string;
  /** The path of the API on this server. */
  baseUrl: string;
  scheme: 'http' | 'https';
  /**
   * What stands around the API and looks at a request first. Vite's checks answer a wrong host and a fragment in plain
   * text before any plugin is asked; under https Vite looks at no host (FACTS), and only the API's own check is left.
   */
  hostCheckedBy: 'vite' | 'api';
  /**
   * What this server serves beside the API. Vite's dev server transforms the project's sources; its preview sends the
   * files of a build and knows no transforms; a server of one's own serves what its owner mounts, here nothing.
   */
  serves: 'sources' | 'build' | 'nothing';
  start(project: Project): Promise<Started>;
}

/** What a server is started on. */
interface Project {
  root: string;
  options: ImageCacheOptions;
  /** Told of every line that Vite logs. */
  log: (line: string) => void;
  /** What the developer's own configuration says besides. */
  config: InlineConfig;
}

interface Started {
  port: number;
  close(): Promise<unknown>;
}

export const MODES: readonly Mode[] = [
  {
    name: 'standalone, in Express',
    baseUrl: '/api/cache',
    scheme: 'http',
    hostCheckedBy: 'api',
    serves: 'nothing',
    async start({ root, options }) {
      const images = createImageCache({ manage: () => true, ...options, cacheDir: join(root, '.image-cache') });
      const http = await listen(express().use('/api/cache', images.router).listen(0, '127.0.0.1'));
      return { port: portOf(http), close: () => Promise.all([closeHttp(http), images.close()]) };
    },
  },
  dev('dev', '/', {}),
  dev('dev, base /sub/', '/sub/', {}),
  { ...dev('dev, https', '/', { server: { https: certificate } }), scheme: 'https', hostCheckedBy: 'api' },
  {
    ...dev('dev, in an Express app', '/', {}),
    async start(project) {
      const config = viteConfig(project);
      const vite = await createServer({ ...config, server: { ...config.server, middlewareMode: true, ws: false } });
      const http = await listen(express().use(vite.middlewares).listen(0, '127.0.0.1'));
      return { port: portOf(http), close: () => Promise.all([closeHttp(http), vite.close()]) };
    },
  },
  {
    name: 'preview',
    baseUrl: '/api/cache',
    scheme: 'http',
    hostCheckedBy: 'vite',
    serves: 'build',
    async start(project) {
      const server = await preview({
        ...viteConfig(project),
        preview: { host: '127.0.0.1', port: 0, ...project.config.preview },
      });
      return { port: portOf(server.httpServer), close: () => server.close() };
    },
  },
];

function dev(name: string, base: string, own: InlineConfig): Mode {
  return {
    name,
    baseUrl: `${base}api/cache`,
    scheme: 'http',
    hostCheckedBy: 'vite',
    serves: 'sources',
    async start(project) {
      const config = viteConfig(project);
      const server = await createServer({ ...config, base, server: { ...config.server, ...own.server } });
      const { ws } = server;
      const send = ws.send.bind(ws);
      // What is sent to every open page, errors for the overlay among it, is as public as a log.
      Object.assign(ws, {
        send(...args: Parameters<typeof send>) {
          project.log(`pages: ${JSON.stringify(args)}`);
          send(...args);
        },
      });
      await server.listen();
      return { port: portOf(server.httpServer), close: () => server.close() };
    },
  };
}

function viteConfig({ root, options, log, config }: Project): InlineConfig {
  const logger = createLogger('info');
  const customLogger = { ...logger, info: log, warn: log, warnOnce: log, error: log };
  return {
    root,
    configFile: false,
    customLogger,
    clearScreen: false,
    cacheDir: `${root}.vite`,
    optimizeDeps: { noDiscovery: true },
    plugins: [imageCache(options)],
    ...config,
    server: { host: '127.0.0.1', port: 0, watch: null, ...config.server },
  };
}

async function listen(http: Server): Promise<Server> {
  if (!http.listening) await new Promise((resolve) => http.once('listening', resolve));
  return http;
}

function closeHttp(http: Server): Promise<void> {
  http.closeAllConnections();
  return new Promise((resolve) => http.close(() => resolve()));
}

function portOf(server: { address(): AddressInfo | string | null } | null): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen on TCP');
  return address.port;
}
