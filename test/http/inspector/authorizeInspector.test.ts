import express from 'express';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createImageCache } from '../../../plugin/express.ts';
import { authorizeInspector } from '../../../plugin/http/inspector/authorizeInspector.ts';
import type { InspectorOptions } from '../../../plugin/http/inspector/inspectorOptions.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

async function serve(authorize: InspectorOptions['authorize'], maxWaitMs?: number) {
  const warn = vi.fn<(message: string) => void>();
  const logger = { debug: undefined, info: () => {}, warn };
  const seen: string[] = [];
  const middleware = authorizeInspector(
    { authorize },
    { allowedHosts: [], logger },
    (request, response) => {
      seen.push(request.url ?? '');
      response.end('shown');
    },
    maxWaitMs,
  );
  const server = createServer((request, response) => middleware(request, response, () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  return { ask: (path = '/', headers = {}) => fetch(base + path, { headers }), warn, seen };
}

describe('I13: the inspector of a server of your own', () => {
  it('cannot be had without `authorize`, in words that say why', () => {
    const images = createImageCache({ buckets: ['photos'], logLevel: 'silent' });
    onTestFinished(() => images.close());
    // @ts-expect-error -- as from JavaScript
    expect(() => images.inspector()).toThrow(/needs the option `authorize`/);
    // @ts-expect-error -- as from JavaScript
    expect(() => images.inspector({ authorize: true })).toThrow(/needs the option `authorize`/);
  });

  it.each([
    ['false', () => false],
    ['a promise of false', async () => false],
    ['nothing', () => undefined as unknown as boolean],
    ['something true', () => 'yes' as unknown as boolean],
  ])('is refused for %s', async (_, authorize) => {
    const { ask, seen } = await serve(authorize);
    for (const path of ['/', '/api/live', '/assets/a.js']) {
      const answer = await ask(path);
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'NOT_AUTHORIZED' }]);
    }
    expect(seen).toEqual([]);
  });

  it('is shown for true', async () => {
    const { ask, seen } = await serve(async () => true);
    expect(await (await ask('/api/live')).text()).toBe('shown');
    expect(seen).toEqual(['/api/live']);
  });

  it('answers 500 without the reason if the hook throws, and the log has the reason', async () => {
    const { ask, warn } = await serve(() => {
      throw new Error('no session store');
    });
    const answer = await ask();
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('session store');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no session store'));
  });

  it('does not wait for a hook for ever', async () => {
    const { ask, warn } = await serve(() => new Promise(() => {}), 20);
    expect((await ask()).status).toBe(500);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('has not answered'));
  });

  it('does not ask the hook for a request of another site', async () => {
    const authorize = vi.fn<(request: IncomingMessage) => boolean>(() => true);
    const { ask } = await serve(authorize);
    expect((await ask('/api/live', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await ask('/', { 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect(authorize).not.toHaveBeenCalled();
  });

  it('is no part of the router', async () => {
    const images = createImageCache({ buckets: ['photos'], logLevel: 'silent' });
    const server = createServer((request, response) => images.router(request, response, () => {})).listen(0);
    await once(server, 'listening');
    onTestFinished(async () => {
      server.close();
      await images.close();
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
    for (const path of ['/__image-cache/', '/inspector', '/live']) expect((await fetch(base + path)).status).toBe(404);
  });

  it('works below any path of an Express app, and manages the cache for whom it lets in', async () => {
    const images = createImageCache({ buckets: ['photos'], logLevel: 'silent', cacheDir: await temporaryDirectory() });
    const app = express();
    app.use('/api/cache', images.router);
    app.use('/admin/images', images.inspector({ authorize: ({ headers }) => headers['x-user'] === 'admin' }));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      server.close();
      await images.close();
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/images`; // it listens on TCP
    const ask = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
      fetch(base + path, { redirect: 'manual', method, headers: { 'x-user': 'admin', ...headers } });
    expect((await ask('')).headers.get('location')).toBe('./images/');
    expect(await (await ask('/')).text()).toContain('<title>Image cache</title>');
    expect(await (await ask('/api/live')).json()).toMatchObject({ stats: { total_entries: 0 } });
    expect((await ask('/api/clear-all', 'POST')).status).toBe(200);
    expect((await ask('/api/live', 'GET', { 'x-user': 'eve' })).status).toBe(403);
    expect((await ask('/api/clear-all', 'POST', { origin: 'https://evil.example' })).status).toBe(403);
  });
});
