import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServer, type ViteDevServer } from 'vite';
import { notesBackend } from '../../../demo/notes.ts';

const id = '0123456789abcdef';
let directory: string;
let vite: ViteDevServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'image-cache-notes-'));
  vite = await start();
});
afterAll(async () => {
  await vite.close();
  await rm(directory, { recursive: true });
});

async function start(): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    logLevel: 'silent',
    root: import.meta.dirname,
    server: { port: 0, host: '127.0.0.1', ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [notesBackend({ file: join(directory, 'sub', 'notes.json'), firstSaveMs: 1 })],
  });
  return server.listen();
}

async function call(method: string, path = '', body?: object, headers: Record<string, string> = {}) {
  const origin = vite.resolvedUrls?.local[0] ?? '';
  const answer = await fetch(`${origin}demo/notes${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

test('a note gets one id however often it is saved, survives a restart, and is gone when it is deleted', async () => {
  const note = { text: 'Grüße 👋', created_at: 5 };
  expect(await call('PUT', `/${id}`, { ...note, text: 'first' })).toEqual({ status: 200, body: { server_id: '101' } });
  expect(await call('PUT', `/${id}`, note)).toEqual({ status: 200, body: { server_id: '101' } });
  await vite.close();
  vite = await start();
  expect(await call('GET')).toEqual({ status: 200, body: [{ id, server_id: '101', ...note }] });
  expect((await call('DELETE', `/${id}`)).status).toBe(200);
  expect((await call('DELETE', `/${id}`)).status).toBe(200);
  expect(await call('GET')).toEqual({ status: 200, body: [] });
});

test('what is no note is refused, and so is a page of another site', async () => {
  expect((await call('PUT', `/${id}`, { text: 5 })).status).toBe(400);
  expect((await call('PUT', `/${id}`, { text: 'x'.repeat(300_000), created_at: 5 })).status).toBe(400);
  expect((await call('PUT', '/secret', { text: 'x', created_at: 5 })).status).toBe(404);
  const other = { origin: 'https://evil.example' };
  expect((await call('PUT', `/${id}`, { text: 'x', created_at: 5 }, other)).status).toBe(403);
});
