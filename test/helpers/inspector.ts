import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createApi } from '../../plugin/createApi.ts';
import { developmentAccess } from '../../plugin/http/accessPolicy.ts';
import type { ImageCacheOptions } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { temporaryDirectory } from './directory.ts';
import type { Bucket } from './stack.ts';

/** The API of Vite's servers, and that of the inspector's page below `/inspect`, on a plain HTTP server. */
export async function startInspector(bucket: Bucket, options: Partial<ImageCacheOptions> = {}) {
  const root = await temporaryDirectory();
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const api = createApi(
    resolveOptions({ buckets: [bucket.option], cacheDir: '.image-cache', minFreeSpace: 0, ...options }),
    {
      root,
      pages: 'dev',
      server: { kind: 'express' },
      logger: { debug: note, info: note, warn: note },
      authorize: undefined,
      authorizeUpload: undefined,
      access: developmentAccess([]),
      allowedHosts: [],
      hasInspector: true,
      canSimulate: true,
      hasMetrics: true,
    },
  );
  const inspector = api.createInspectorApi();
  const server = createServer((request, response) => {
    const isInspector = request.url?.startsWith('/inspect/') === true;
    if (isInspector) request.url = request.url?.slice('/inspect'.length) ?? '';
    (isInspector ? inspector : api.handler)(request, response, () => response.writeHead(599).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await api.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  return {
    cache: api.cache,
    api,
    base,
    dir: join(root, '.image-cache'),
    /** All that was logged, debug lines as well. */
    lines,
    get: (path: string, headers: Record<string, string> = {}) => fetch(base + path, { headers }),
    /** Asks the inspector, and returns the answer's JSON. */
    async ask<Answer>(path: string): Promise<Answer> {
      return (await (await fetch(`${base}/inspect${path}`)).json()) as Answer;
    },
    /** Sends JSON to the inspector, and returns the answer's JSON. */
    async tell<Answer>(path: string, body: unknown): Promise<Answer> {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`${base}/inspect${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as Answer;
    },
  };
}
