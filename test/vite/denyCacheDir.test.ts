import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { InlineConfig, Plugin, ViteDevServer } from 'vite';
import { denyCacheDirPlugin } from '../../plugin/vite/denyCacheDir.ts';
import { waysInto } from './waysInto.ts';
import { cacheProject, expectClosed, get, project, start } from './viteProject.ts';

describe('T8: files next to the cache', () => {
  let root = '';
  beforeAll(async () => {
    root = await cacheProject();
  });
  afterAll(() => rm(root, { recursive: true }));

  test('are served as before', async () => {
    const server = await start(root);
    expect(await get(server, '/.env')).toMatchObject({ status: 403 });
    expect(await get(server, '/.env?import&raw')).toMatchObject({ status: 403 });
    expect(await get(server, '/.git/config')).toMatchObject({ status: 403 });
    expect(await get(server, '/private.txt')).toMatchObject({ status: 200, body: 'mine' });
    expect(await get(server, '/src/a.js?in=/.image-cache/')).toMatchObject({ status: 200 });
    expect(server.config.server.fs.deny).toEqual(expect.arrayContaining(['.env', '*.{crt,pem,key,p12,pfx,cer,der}']));
  });

  test('the user’s own list still applies, and entries are only added to it', async () => {
    const server = await start(root, { server: { fs: { deny: ['private.*'] } } });
    expect(server.config.server.fs.deny).toEqual(['private.*', '**/.image-cache/**']);
    expect(await get(server, '/private.txt')).toMatchObject({ status: 403 });
    await expectClosed(server, waysInto(root));
  });
});

test.each(['.', '..', '', '/'])('T8: the cache cannot be "%s", the project itself', async (cacheDir) => {
  const root = await project();
  onTestFinished(() => rm(root, { recursive: true }));
  await expect(start(root, {}, cacheDir)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

describe('T67: the watcher does not see the cache', () => {
  /** Writes 200 files into `.image-cache`, then one source file, and says what Vite noticed up to that one. */
  async function noticed(
    server: ViteDevServer,
    root: string,
  ): Promise<{ events: string[]; reloads: number; watched: number }> {
    const events: string[] = [];
    let reloads = 0;
    server.watcher.on('all', (_event, file) => events.push(path.relative(root, file)));
    const { hot } = server.environments.client;
    const send = hot.send.bind(hot);
    hot.send = (...args: unknown[]) => {
      if (JSON.stringify(args[0]).includes('full-reload')) reloads += 1;
      Reflect.apply(send, hot, args);
    };
    for (let n = 0; n < 200; n += 1) {
      const file = path.join(root, '.image-cache/images', `000${n % 4}`, `${n}.${['jpg', 'html', 'js', 'svg'][n % 4]}`);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, 'x');
    }
    await writeFile(path.join(root, 'last.txt'), 'x');
    await expect.poll(() => events).toContain('last.txt');
    const watched = Object.keys(server.watcher.getWatched()).filter((directory) =>
      directory.includes('image-cache'),
    ).length;
    return { events: events.filter((file) => file.startsWith('.image-cache')), reloads, watched };
  }

  async function watching(config: InlineConfig = {}) {
    const root = await project({ 'src/a.js': '1' });
    onTestFinished(() => rm(root, { recursive: true }));
    let ready: Promise<unknown> | undefined;
    // Listens early: by the time that the server does, its watcher may have been ready for long.
    const waitsForWatcher: Plugin = {
      name: 'test:waits-for-watcher',
      configureServer({ watcher }) {
        ready = once(watcher, 'ready');
      },
    };
    const plugins = [config.plugins ?? denyCacheDirPlugin('.image-cache'), waitsForWatcher];
    const server = await start(root, { ...config, plugins, server: { watch: {}, ...config.server } });
    await ready;
    return { root, server };
  }

  test('control: without the plugin it sees every file, and reloads', async () => {
    const { root, server } = await watching({ plugins: [] });
    const { events, reloads, watched } = await noticed(server, root);
    expect(events.length).toBeGreaterThan(100);
    expect(reloads).toBeGreaterThan(0);
    expect(watched).toBeGreaterThan(0);
  });

  test('200 files cause no event, no reload and no watch', async () => {
    const { root, server } = await watching();
    expect(await noticed(server, root)).toEqual({ events: [], reloads: 0, watched: 0 });
  });

  test('files that the user ignores stay ignored', async () => {
    const { root, server } = await watching({ server: { watch: { ignored: '**/private.*' } } });
    const seen: string[] = [];
    server.watcher.on('all', (_event, file) => seen.push(path.basename(file)));
    await writeFile(path.join(root, 'private.txt'), 'changed');
    expect(await noticed(server, root)).toEqual({ events: [], reloads: 0, watched: 0 });
    expect(seen).not.toContain('private.txt');
  });

  test('a watcher that the user switched off stays off', async () => {
    const root = await project();
    onTestFinished(() => rm(root, { recursive: true }));
    const server = await start(root, { server: { watch: null } });
    expect(server.config.server.watch).toBeNull();
  });
});
