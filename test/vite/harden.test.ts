import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createServer, preview, type InlineConfig, type Plugin, type PreviewServer, type ViteDevServer } from 'vite';
import { hardenPlugin } from '../../plugin/vite/harden.ts';
import { certificate } from '../http/expressAppCertificate.ts';
import { spellings, waysInto, wholeUrls } from './waysInto.ts';

const CANARY = 'canary-7f3a';
const ENCODED_CANARY = Buffer.from(CANARY).toString('base64').slice(0, 12);

/** A project with a secret or two, a source file, and whatever else is asked for. */
async function project(files: Record<string, string> = {}): Promise<string> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'harden-')));
  const all = { 'index.html': '<p>app</p>', '.env': 'A=1', '.git/config': '[core]', 'private.txt': 'mine', ...files };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  return root;
}

const cacheFiles = (directory: string) => ({
  [`${directory}/manifest.json`]: JSON.stringify({ is: CANARY }),
  [`${directory}/images/a.svg`]: `<svg>${CANARY}</svg>`,
  // A multiple of three before the canary keeps its base64 recognizable in a data: URL.
  [`${directory}/images/a.jpg`]: `123${CANARY}`,
});

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

async function start(root: string, config: InlineConfig = {}, cacheDir = '.image-cache'): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    logLevel: 'silent',
    root,
    plugins: [hardenPlugin(cacheDir)],
    ...config,
    server: { port: 0, host: '127.0.0.1', watch: null, ...config.server },
  });
  cleanUp.push(() => server.close());
  return config.server?.middlewareMode ? server : server.listen();
}

function portOf(server: ViteDevServer | PreviewServer | http.Server): number {
  const address = ('httpServer' in server ? server.httpServer : server)?.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen on TCP');
  return address.port;
}

interface Answer {
  status: number;
  body: string;
}

/** Asks for a path exactly as it is written: `fetch` would normalize it first. */
async function get(server: ViteDevServer | PreviewServer | http.Server, pathname: string): Promise<Answer> {
  const client = 'config' in server && server.config.server.https ? https : http;
  const options = { host: '127.0.0.1', port: portOf(server), path: pathname, ca: certificate.cert, agent: false };
  const request = client.get(options);
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { status: response.statusCode ?? 0, body: Buffer.concat(await response.toArray()).toString('latin1') };
}

const leaks = ({ body }: Answer) => body.includes(CANARY) || body.includes(ENCODED_CANARY);

async function expectClosed(server: ViteDevServer | http.Server, paths: readonly string[]): Promise<void> {
  const open: string[] = [];
  for (const pathname of paths) {
    const answer = await get(server, pathname);
    if (leaks(answer) || (answer.status !== 403 && answer.status !== 404)) open.push(`${answer.status} ${pathname}`);
  }
  expect(open).toEqual([]);
}

describe('T8: no door of Vite leads into the cache', () => {
  let root = '';
  beforeAll(async () => {
    root = await project({
      ...cacheFiles('.image-cache'),
      'src/a.js': 'export default 1',
      'node_modules/x/index.js': '',
    });
  });
  afterAll(() => rm(root, { recursive: true }));

  test('control: without the plugin the doors are open', async () => {
    const server = await start(root, { plugins: [] });
    for (const pathname of [
      '/.image-cache/manifest.json',
      '/.image-cache/images/a.svg?import&raw??',
      `/@fs${root}/.image-cache/images/a.jpg`,
    ]) {
      expect(leaks(await get(server, pathname)), pathname).toBe(true);
    }
    expect(leaks(await get(server, '/.image-cache/images/a.jpg?inline&import'))).toBe(true);
  });

  const manifest = ['.image-cache/manifest.json', '.image-cache/manifest.json?import&raw'];
  test.each([...Object.keys(spellings('', '', '')), 'a whole URL'])(
    'control: with fs.strict off, %s would lead in, were it not for the middleware',
    async (spelling) => {
      const { configureServer: _, ...filesOnly } = hardenPlugin('.image-cache');
      const server = await start(root, { plugins: [filesOnly], server: { fs: { strict: false } } });
      const urls = manifest.flatMap((file) => spellings(root, '/', file)[spelling] ?? wholeUrls(root, file));
      const answers: Answer[] = [];
      for (const url of urls) answers.push(await get(server, url));
      expect(answers.some(leaks)).toBe(true);
    },
  );

  test.each<[string, string, InlineConfig]>([
    ['at the root', '/', {}],
    ['below a base', '/sub/', { base: '/sub/' }],
    ['below a base that has to be encoded', '/%C3%A9%20/', { base: '/é /' }],
    ['under https', '/', { server: { https: certificate } }],
    ['with fs.strict off, where Vite ignores fs.deny', '/', { server: { fs: { strict: false } } }],
    ['with fs.strict off below a base', '/a%20b/', { base: '/a b/', server: { fs: { strict: false } } }],
    [
      'with fs.strict off below an encoded base',
      '/%2541%2F/',
      { base: '/%2541%2F/', server: { fs: { strict: false } } },
    ],
  ])('%s', async (_name, base, config) => {
    const whole = manifest.flatMap((file) => wholeUrls(root, file));
    await expectClosed(await start(root, config), [...waysInto(root, base), ...whole]);
  });

  test('in middleware mode, with the base and with the base stripped by a parent', async () => {
    const vite = await start(root, { base: '/sub/', server: { middlewareMode: true } });
    const parent = http.createServer(vite.middlewares).listen(0, '127.0.0.1');
    cleanUp.push(async () => parent.close());
    await once(parent, 'listening');
    await expectClosed(parent, waysInto(root, '/sub/'));
    await expectClosed(parent, waysInto(root, '/'));
  });

  test('in middleware mode, below a base that a parent decoded', async () => {
    const vite = await start(root, { base: '/é/', server: { middlewareMode: true } });
    const parent = http.createServer((request, response) => {
      request.url = decodeURI(request.url ?? '/');
      vite.middlewares(request, response);
    });
    parent.listen(0, '127.0.0.1');
    cleanUp.push(async () => parent.close());
    await once(parent, 'listening');
    expect(await get(parent, '/%C3%A9/.image-cache/manifest.json')).toMatchObject({ status: 403 });
  });

  test('by files and by URLs, each on its own', async () => {
    const plugin = hardenPlugin('.image-cache');
    const { configureServer: _, ...filesOnly } = plugin;
    const { config: __, ...urlsOnly } = plugin;
    for (const half of [filesOnly, urlsOnly]) {
      const server = await start(root, { plugins: [half] });
      for (const pathname of waysInto(root)) expect(leaks(await get(server, pathname)), pathname).toBe(false);
    }
  });

  test('not over the HMR socket', async () => {
    const server = await start(root);
    const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}/?token=${server.config.webSocketToken}`, 'vite-hmr');
    await once(socket, 'open');
    const answers: string[] = [];
    socket.addEventListener('message', ({ data }) => answers.push(String(data)));
    const ids = ['manifest.json?raw', 'manifest.json', 'images/a.svg?raw', 'images/a.jpg?inline'].flatMap((file) => [
      `/.image-cache/${file}`,
      path.join(root, '.image-cache', file),
      `file://${root}/.image-cache/${file}`,
    ]);
    for (const [n, id] of ids.entries()) {
      const data = { name: 'fetchModule', id: `send:${n}`, data: [id, undefined, {}] };
      socket.send(JSON.stringify({ type: 'custom', event: 'vite:invoke', data }));
    }
    const errors = () => answers.filter((answer) => answer.includes('"vite:invoke"') && answer.includes('"error"'));
    await expect.poll(() => errors().length).toBe(ids.length);
    expect(answers.join()).not.toContain(CANARY);
    socket.close();
  });

  test('not through transformRequest, whoever calls it', async () => {
    const { environments } = await start(root);
    for (const file of ['manifest.json', 'manifest.json?raw', 'images/a.svg?raw', 'images/a.jpg?inline']) {
      await expect(environments.client.transformRequest(`/.image-cache/${file}`), file).rejects.toThrow();
    }
  });

  test('not through import.meta.glob', async () => {
    const glob = `import.meta.glob('/.image-cache/**', { query: '?raw', eager: true, exhaustive: true })`;
    await writeFile(path.join(root, 'src/glob.js'), `export default ${glob};`);
    const server = await start(root);
    const { body } = await get(server, '/src/glob.js');
    const imports = [...body.matchAll(/from "([^"]+)"/g)].map(([, id = '']) => id);
    expect(imports).toHaveLength(3);
    expect(body).not.toContain(CANARY);
    await expectClosed(server, imports);
  });

  test('and everything else is as it was', async () => {
    const server = await start(root);
    expect(await get(server, '/.env')).toMatchObject({ status: 403 });
    expect(await get(server, '/.env?import&raw')).toMatchObject({ status: 403 });
    expect(await get(server, '/.git/config')).toMatchObject({ status: 403 });
    expect(await get(server, '/private.txt')).toMatchObject({ status: 200, body: 'mine' });
    expect(await get(server, '/src/a.js?in=/.image-cache/')).toMatchObject({ status: 200 });
    expect(server.config.server.fs.deny).toEqual(expect.arrayContaining(['.env', '*.{crt,pem,key,p12,pfx,cer,der}']));
  });

  test('a list of the user’s own still applies, and is only added to', async () => {
    const server = await start(root, { server: { fs: { deny: ['private.*'] } } });
    expect(server.config.server.fs.deny).toEqual(['private.*', '**/.image-cache/**']);
    expect(await get(server, '/private.txt')).toMatchObject({ status: 403 });
    await expectClosed(server, waysInto(root));
  });
});

describe('T8: wherever the cache is', () => {
  test.each(['.cache/pictures', 'cache', 'var/(app) [x] {a,b} !+@*/images', 'node_modules/.image-cache'])(
    'in %s',
    async (directory) => {
      const root = await project({ ...cacheFiles(directory), 'src/cache/a.txt': 'source' });
      cleanUp.push(() => rm(root, { recursive: true }));
      // Without the middleware: the glob has to match by itself.
      const { configureServer: _, ...filesOnly } = hardenPlugin(directory);
      const server = await start(root, { plugins: [filesOnly] });
      const encoded = encodeURI(directory);
      for (const file of ['manifest.json', 'images/a.svg', 'images/a.jpg']) {
        expect(await get(server, `/${encoded}/${file}`)).toMatchObject({ status: 403 });
        expect(await get(server, `/@fs${root}/${encoded}/${file}?import&raw`)).toMatchObject({ status: 403 });
      }
      expect(await get(server, '/src/cache/a.txt')).toMatchObject({ status: 200, body: 'source' });
    },
  );

  test.each(['pictures é', '.my cache', 'a%2fb'])('in %s, with fs.strict off', async (directory) => {
    const root = await project(cacheFiles(directory));
    cleanUp.push(() => rm(root, { recursive: true }));
    const server = await start(root, { server: { fs: { strict: false } } }, directory);
    // `decodeURI`, which Vite uses, leaves `%2f` alone: to it, `a%2fb` is a name that needs no encoding.
    for (const name of [encodeURIComponent(directory), encodeURI(directory).replaceAll('%25', '%')]) {
      expect(await get(server, `/${name}/manifest.json`)).toMatchObject({ status: 403 });
      for (const url of [...waysInto(root, '/', name), ...waysInto(root, '/', name.replace('a', '%61'))]) {
        expect(leaks(await get(server, url)), url).toBe(false);
      }
    }
  });

  test.each<[string, string | undefined, string[]]>([
    ['packages of all', undefined, ['x/../../apps/app', '@x/y/../../../apps/app']],
    ['the directory in which Vite was started', 'apps', ['./app', 'app']],
  ])('in one of many projects, with fs.strict off, from %s', async (_name, startedIn, ids) => {
    const workspace = await project({ ...cacheFiles('apps/app/.image-cache'), 'node_modules/x/a.js': '' });
    cleanUp.push(() => rm(workspace, { recursive: true }));
    if (startedIn !== undefined) {
      const previous = process.cwd();
      process.chdir(path.join(workspace, startedIn));
      cleanUp.push(async () => process.chdir(previous));
    }
    const root = path.join(workspace, 'apps/app');
    const config = { server: { fs: { strict: false } } };
    const control = await start(root, { ...config, plugins: [] });
    const server = await start(root, config);
    for (const id of ids) {
      const url = `/@id/${id}/.image-cache/manifest.json?import&raw`;
      expect(leaks(await get(control, url)), url).toBe(true);
      await expectClosed(server, [url]);
    }
    expect(await get(server, '/@fs/app/.image-cache/another.js')).not.toMatchObject({ status: 403 });
  });

  test('outside of the root', async () => {
    const root = await project();
    const outside = await project(cacheFiles('pictures'));
    cleanUp.push(
      () => rm(root, { recursive: true }),
      () => rm(outside, { recursive: true }),
    );
    const server = await start(root, { server: { fs: { allow: [root, outside] } } }, path.join(outside, 'pictures'));
    await expectClosed(server, [
      `/@fs${outside}/pictures/manifest.json`,
      `/@fs${outside}/pictures/images/a.svg?import&raw`,
    ]);
    expect(await get(server, `/@fs${outside}/private.txt`)).toMatchObject({ status: 200 });
  });

  test.each<[string, string, InlineConfig]>([
    ['', '/', {}],
    [' below a base that has to be encoded', '/%C3%A9/', { base: '/é/' }],
    [' with fs.strict off', '/', { server: { fs: { strict: false } } }],
    [' with fs.strict off, below a base', '/a%20b/', { base: '/a b/', server: { fs: { strict: false } } }],
  ])('in the public directory, where Vite asks nobody%s', async (_name, base, config) => {
    const root = await project({ ...cacheFiles('public/.image-cache'), 'public/x.txt': 'x' });
    cleanUp.push(() => rm(root, { recursive: true }));
    const control = await start(root, { ...config, plugins: [] });
    expect(leaks(await get(control, `${base}.image-cache/manifest.json`))).toBe(true);
    const server = await start(root, config, 'public/.image-cache');
    await expectClosed(server, waysInto(root, base, 'public/.image-cache'));
    // Below the public directory, where Vite does not look for these, some get the page of the app.
    for (const url of [
      ...waysInto(root, base),
      `${base}@fs/../x?/../.image-cache/manifest.json?import&raw`,
      `${base}x.txt?url&/../.image-cache/manifest.json?import&raw`,
      `${base}x.txt?url&/../..${root}/public/.image-cache/manifest.json?import&raw`,
    ]) {
      expect(leaks(await get(server, url)), url).toBe(false);
    }
  });

  test('around the public directory, whose URLs do not name it', async () => {
    const root = await project({ '.image-cache/public/a.svg': `<svg>${CANARY}</svg>` });
    await expectClosed(await start(root, { publicDir: '.image-cache/public' }), ['/a.svg', '/x/../a.svg']);
  });

  test.each([
    ['/', '/'],
    ['/é/', '/%C3%A9/'],
    ['/a b/', '/a%20b/'],
  ])('in what a preview serves below %s', async (base, encodedBase) => {
    const root = await project({ ...cacheFiles('dist/.image-cache'), 'dist/index.html': '<p>built</p>' });
    cleanUp.push(() => rm(root, { recursive: true }));
    const address = { port: 0, host: '127.0.0.1' };
    const config = { configFile: false, logLevel: 'silent', root, base, preview: address } as const;
    const control = await preview(config);
    cleanUp.push(() => control.close());
    const plain = `${encodedBase}.image-cache/manifest.json`;
    for (const url of [plain, `${encodedBase}a%2Fb/../%2eimage-cache/manifest.json`]) {
      expect(leaks(await get(control, url)), url).toBe(true);
    }
    const server = await preview({ ...config, plugins: [hardenPlugin('dist/.image-cache')] });
    cleanUp.push(() => server.close());
    for (const directory of [root, path.join(root, 'dist')]) {
      for (const url of waysInto(directory, encodedBase)) expect(leaks(await get(server, url)), url).toBe(false);
    }
    expect(await get(server, plain)).toMatchObject({ status: 403 });
    expect(await get(server, encodedBase)).toMatchObject({ status: 200 });
  });

  test.each(['.', '..', '', '/'])('but it cannot be "%s", the project itself', async (cacheDir) => {
    const root = await project();
    cleanUp.push(() => rm(root, { recursive: true }));
    await expect(start(root, {}, cacheDir)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('T8: only the cache itself is refused', () => {
  /** What an app has of its own: a route, and a virtual module. */
  const app: Plugin = {
    name: 'test:app',
    configureServer({ middlewares }) {
      middlewares.use('/api/cache/image', (_request, response) => void response.end('image'));
    },
    resolveId: (id) => (id.startsWith('virtual:pictures') ? `\0${id}` : undefined),
    load: (id) => (id.startsWith('\0virtual:pictures') ? 'export default "pictures"' : undefined),
  };

  test.each([
    ['.image-cache', true],
    ['.image-cache', false],
    ['image-cache', true],
    ['image-cache', false],
    ['image%41cache', false],
  ])('%s, with fs.strict %s', async (directory, strict) => {
    const root = await project({
      ...cacheFiles(directory),
      'src/image-cache/a.js': 'export default "source"',
      [`src/my ${directory}/a.js`]: 'export default "source"',
      [`${directory}.js`]: 'export default "source"',
      [`public/${directory}.txt`]: 'public',
      [`public/x/my${directory}/a.txt`]: 'public',
    });
    cleanUp.push(() => rm(root, { recursive: true }));
    const plugins = [hardenPlugin(directory), app];
    const server = await start(root, { plugins, server: { fs: { strict } } }, directory);
    const name = encodeURIComponent(directory);
    expect(await get(server, `/${name}/manifest.json`)).toMatchObject({ status: 403 });

    const before = [
      '',
      '/',
      '/../',
      '/../../',
      '/../../../',
      '../../',
      'https://s3.example/photos/',
      `${root}/`,
      `/@fs${root}/`,
      `file://${root}/`,
    ];
    const places = before
      .flatMap((prefix) => [`${prefix}${directory}/images/a.jpg`, `${prefix}${name}/images/a.jpg`])
      .flatMap((place) => [place, encodeURIComponent(place), encodeURIComponent(encodeURIComponent(place))]);
    for (const place of places) {
      expect(await get(server, `/some/page?next=${place}`), place).toMatchObject({ status: 200 });
      for (const parameter of ['path', 'url']) {
        const url = `/api/cache/image?${parameter}=${place}`;
        expect(await get(server, url), url).toEqual({ status: 200, body: 'image' });
      }
    }
    for (const [url, body] of [
      ['/src/image-cache/a.js', 'source'],
      ['/src/image-cache/a.js?import', 'source'],
      ['/src/x/../image-cache/a.js', 'source'],
      [`/@fs${root}/src/image-cache/a.js`, 'source'],
      [`/@fs${root}/src/image-cache/a.js?in=/${name}/images`, 'source'],
      [`/src/my%20${name}/a.js`, 'source'],
      [`/${name}.js`, 'source'],
      [`/@fs${root}/${name}.js?import`, 'source'],
      [`/${name}.txt`, 'public'],
      [`/x/my${name}/a.txt`, 'public'],
      [`/@id/__x00__virtual:pictures?in=/${name}/images`, 'pictures'],
      [`/@id/__x00__virtual:pictures?in=${root}/${name}/images`, 'pictures'],
      [`/@id/virtual:pictures/${name}/images`, 'pictures'],
    ] as const) {
      const answer = await get(server, url);
      expect([answer.status, answer.body], url).toEqual([200, expect.stringContaining(body)]);
    }
  });
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
    await expect.poll(() => events, { timeout: 10_000 }).toContain('last.txt');
    const watched = Object.keys(server.watcher.getWatched()).filter((directory) =>
      directory.includes('image-cache'),
    ).length;
    return { events: events.filter((file) => file.startsWith('.image-cache')), reloads, watched };
  }

  async function watching(config: InlineConfig = {}) {
    const root = await project({ 'src/a.js': '1' });
    cleanUp.push(() => rm(root, { recursive: true }));
    let ready: Promise<unknown> | undefined;
    // Listens early: by the time that the server does, its watcher may have been ready for long.
    const waitsForWatcher: Plugin = {
      name: 'test:waits-for-watcher',
      configureServer({ watcher }) {
        ready = once(watcher, 'ready');
      },
    };
    const plugins = [config.plugins ?? hardenPlugin('.image-cache'), waitsForWatcher];
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

  test('200 files: no event, no reload, no watch', async () => {
    const { root, server } = await watching();
    expect(await noticed(server, root)).toEqual({ events: [], reloads: 0, watched: 0 });
  });

  test('what the user ignores stays ignored', async () => {
    const { root, server } = await watching({ server: { watch: { ignored: '**/private.*' } } });
    const seen: string[] = [];
    server.watcher.on('all', (_event, file) => seen.push(path.basename(file)));
    await writeFile(path.join(root, 'private.txt'), 'changed');
    expect(await noticed(server, root)).toEqual({ events: [], reloads: 0, watched: 0 });
    expect(seen).not.toContain('private.txt');
  });

  test('a watcher that the user switched off stays off', async () => {
    const root = await project();
    cleanUp.push(() => rm(root, { recursive: true }));
    const server = await start(root, { server: { watch: null } });
    expect(server.config.server.watch).toBeNull();
  });
});
