import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { createServer, type InlineConfig, type PreviewServer, type ViteDevServer } from 'vite';
import { denyCacheDirPlugin } from '../../plugin/vite/denyCacheDir.ts';
import { certificate } from '../http/expressAppCertificate.ts';

/** In each file of the cache that {@link cacheFiles} makes. */
export const CANARY = 'canary-7f3a';
const ENCODED_CANARY = Buffer.from(CANARY).toString('base64').slice(0, 12);

/** A project with a secret or two, a source file, and whatever else is asked for. */
export async function project(files: Record<string, string> = {}): Promise<string> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'harden-')));
  const all = { 'index.html': '<p>app</p>', '.env': 'A=1', '.git/config': '[core]', 'private.txt': 'mine', ...files };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  return root;
}

export const cacheFiles = (directory: string) => ({
  [`${directory}/manifest.json`]: JSON.stringify({ is: CANARY }),
  [`${directory}/images/a.svg`]: `<svg>${CANARY}</svg>`,
  // A multiple of three before the canary keeps its base64 recognizable in a data: URL.
  [`${directory}/images/a.jpg`]: `123${CANARY}`,
});

/** A project with a cache beside a source file and a package. */
export const cacheProject = () =>
  project({
    ...cacheFiles('.image-cache'),
    'src/a.js': 'export default 1',
    'node_modules/x/index.js': '',
  });

export async function start(
  root: string,
  config: InlineConfig = {},
  cacheDir = '.image-cache',
): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    logLevel: 'silent',
    root,
    plugins: [denyCacheDirPlugin(cacheDir)],
    ...config,
    server: { port: 0, host: '127.0.0.1', watch: null, ...config.server },
  });
  onTestFinished(() => server.close());
  return config.server?.middlewareMode ? server : server.listen();
}

export function portOf(server: ViteDevServer | PreviewServer | http.Server): number {
  const address = ('httpServer' in server ? server.httpServer : server)?.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen on TCP');
  return address.port;
}

export interface Answer {
  status: number;
  body: string;
}

/** Asks for a path exactly as it is written: `fetch` would normalize it first. */
export async function get(server: ViteDevServer | PreviewServer | http.Server, pathname: string): Promise<Answer> {
  const client = 'config' in server && server.config.server.https ? https : http;
  const options = { host: '127.0.0.1', port: portOf(server), path: pathname, ca: certificate.cert, agent: false };
  const request = client.get(options);
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { status: response.statusCode ?? 0, body: Buffer.concat(await response.toArray()).toString('latin1') };
}

export const leaks = ({ body }: Answer) => body.includes(CANARY) || body.includes(ENCODED_CANARY);

export async function expectClosed(server: ViteDevServer | http.Server, paths: readonly string[]): Promise<void> {
  const open: string[] = [];
  for (const pathname of paths) {
    const answer = await get(server, pathname);
    if (leaks(answer) || (answer.status !== 403 && answer.status !== 404)) open.push(`${answer.status} ${pathname}`);
  }
  expect(open).toEqual([]);
}
