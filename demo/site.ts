import { fileURLToPath } from 'node:url';
import { build, createServer, preview } from 'vite';
import { PAINTED_EVENT, type Painted } from './api.ts';

/** The app, served by Vite. */
export interface Site {
  url: string;
  /** Tells open pages how many photographs are painted. */
  showPainted(painted: Painted): void;
  close(): Promise<void>;
}

interface SiteOptions {
  port: number;
  /** Opens the browser. */
  open: boolean;
}

const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));

/** The dev server. */
export async function startDev({ port, open }: SiteOptions): Promise<Site> {
  const server = await createServer({ configFile, clearScreen: false, server: { port, open } });
  let painted: Painted | undefined;
  // A page that has just been opened asks.
  server.ws.on(PAINTED_EVENT, (_, client) => {
    if (painted !== undefined) client.send(PAINTED_EVENT, painted);
  });
  await server.listen();
  return {
    url: server.resolvedUrls?.local[0] ?? `http://localhost:${port}/`,
    showPainted(progress) {
      painted = progress;
      server.ws.send(PAINTED_EVENT, painted);
    },
    close: () => server.close(),
  };
}

/** A production build with a service worker, in Vite's preview server. */
export async function startBuild({ port, open }: SiteOptions): Promise<Site> {
  process.env['DEMO_PWA'] = '1'; // for `vite.config.ts`
  await build({ configFile, logLevel: 'error' });
  const server = await preview({ configFile, preview: { port, open } });
  return {
    url: server.resolvedUrls?.local[0] ?? `http://localhost:${port}/`,
    showPainted() {}, // a build hears nothing of its server
    close: () => server.close(),
  };
}
