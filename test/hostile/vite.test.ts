import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { preview, type InlineConfig, type Plugin } from 'vite';
import { denyCacheDirPlugin } from '../../plugin/vite/denyCacheDir.ts';
import { certificate } from '../http/expressAppCertificate.ts';
import {
  type Answer,
  CANARY,
  cacheFiles,
  cacheProject,
  expectClosed,
  get,
  leaks,
  portOf,
  project,
  start,
} from '../vite/viteProject.ts';
import { spellings, waysInto, wholeUrls } from '../vite/waysInto.ts';

describe('T8: no URL of Vite leads into the cache', () => {
  let root = '';
  beforeAll(async () => {
    root = await cacheProject();
  });
  afterAll(() => rm(root, { recursive: true }));

  test('control: without the plugin they do', async () => {
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
      const { configureServer: _, ...filesOnly } = denyCacheDirPlugin('.image-cache');
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
    onTestFinished(() => void parent.close());
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
    onTestFinished(() => void parent.close());
    await once(parent, 'listening');
    expect(await get(parent, '/%C3%A9/.image-cache/manifest.json')).toMatchObject({ status: 403 });
  });

  test('by files and by URLs, each on its own', async () => {
    const plugin = denyCacheDirPlugin('.image-cache');
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

  test('not through transformRequest, which any plugin may call', async () => {
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
});

describe('T8: wherever the cache is', () => {
  test.each(['.cache/pictures', 'cache', 'var/(app) [x] {a,b} !+@*/images', 'node_modules/.image-cache'])(
    'in %s',
    async (directory) => {
      const root = await project({ ...cacheFiles(directory), 'src/cache/a.txt': 'source' });
      onTestFinished(() => rm(root, { recursive: true }));
      // Without the middleware: the glob has to match by itself.
      const { configureServer: _, ...filesOnly } = denyCacheDirPlugin(directory);
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
    onTestFinished(() => rm(root, { recursive: true }));
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
    onTestFinished(() => rm(workspace, { recursive: true }));
    if (startedIn !== undefined) {
      const previous = process.cwd();
      process.chdir(path.join(workspace, startedIn));
      onTestFinished(() => process.chdir(previous));
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
    onTestFinished(() => rm(root, { recursive: true }));
    onTestFinished(() => rm(outside, { recursive: true }));
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
  ])('in the public directory, where Vite has no checks%s', async (_name, base, config) => {
    const root = await project({ ...cacheFiles('public/.image-cache'), 'public/x.txt': 'x' });
    onTestFinished(() => rm(root, { recursive: true }));
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
    onTestFinished(() => rm(root, { recursive: true }));
    const address = { port: 0, host: '127.0.0.1' };
    const config = { configFile: false, logLevel: 'silent', root, base, preview: address } as const;
    const control = await preview(config);
    onTestFinished(() => control.close());
    const plain = `${encodedBase}.image-cache/manifest.json`;
    for (const url of [plain, `${encodedBase}a%2Fb/../%2eimage-cache/manifest.json`]) {
      expect(leaks(await get(control, url)), url).toBe(true);
    }
    const server = await preview({ ...config, plugins: [denyCacheDirPlugin('dist/.image-cache')] });
    onTestFinished(() => server.close());
    for (const directory of [root, path.join(root, 'dist')]) {
      for (const url of waysInto(directory, encodedBase)) expect(leaks(await get(server, url)), url).toBe(false);
    }
    expect(await get(server, plain)).toMatchObject({ status: 403 });
    expect(await get(server, encodedBase)).toMatchObject({ status: 200 });
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
    onTestFinished(() => rm(root, { recursive: true }));
    const plugins = [denyCacheDirPlugin(directory), app];
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
