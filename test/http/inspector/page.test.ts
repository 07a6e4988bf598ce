import { createServer, request as send } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createInspector } from '../../../plugin/http/inspector/inspector.ts';
import { createInspectorPage } from '../../../plugin/http/inspector/page.ts';
import type { PageFiles } from '../../../plugin/http/inspector/pageFiles.ts';

const FILES: PageFiles = new Map([
  ['index.html', { type: 'text/html; charset=utf-8', bytes: Buffer.from('<p>inspector'), isImmutable: false }],
  ['assets/a-1.js', { type: 'text/javascript; charset=utf-8', bytes: Buffer.from('1'), isImmutable: true }],
]);

/** The inspector at `/sub/__image-cache`, as connect and Express mount it. */
async function serve(readFiles = async () => FILES) {
  const page = createInspectorPage({ allowedHosts: ['app.example.com'] }, readFiles);
  const inspector = createInspector({ page, api: (request, response) => response.end(`api ${request.url}`) });
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    Object.assign(request, { originalUrl: url, url: url.replace(/^\/sub\/__image-cache/, '').replace(/^(?!\/)/, '/') });
    inspector(request, response, () => response.writeHead(599).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP

  return async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
    const options = { port, host: '127.0.0.1', method, path: `/sub/__image-cache${path}`, headers, agent: false };
    const [response] = (await once(send(options).end(), 'response')) as [import('node:http').IncomingMessage]; // by its event
    const body = Buffer.concat(await response.toArray()).toString();
    return { status: response.statusCode, headers: response.headers, body };
  };
}

const TAB = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe('the page', () => {
  it('is answered with headers that let it load nothing from elsewhere, and nobody else frame it', async () => {
    const ask = await serve();
    const { status, headers, body } = await ask('/');
    expect([status, body]).toEqual([200, '<p>inspector']);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it('has files with a digest in their name, which browsers keep', async () => {
    const ask = await serve();
    expect((await ask('/assets/a-1.js')).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(await ask('/assets/a-1.js', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it('leads to its address with a slash at the end, relative to wherever a proxy shows it', async () => {
    const ask = await serve();
    expect(await ask('')).toMatchObject({ status: 302, headers: { location: './__image-cache/' } });
    expect(await ask('?a=1')).toMatchObject({ status: 302, headers: { location: './__image-cache/' } });
  });

  it.each([
    '/assets',
    '/assets/',
    '/..%2f..%2fpackage.json',
    '/../package.json',
    '/files.json',
    '//index.html',
    '/index.html/',
    '/%69ndex.html',
    '/assets/a-1.js%00',
    '/__proto__',
  ])('serves nothing but what is in its list: %s', async (path) => {
    const ask = await serve();
    expect(await ask(path)).toMatchObject({ status: 404 });
  });

  it('does not change anything', async () => {
    const ask = await serve();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await ask('/', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });

  it('reads its files at the first request, and again if that failed', async () => {
    let reads = 0;
    const ask = await serve(async () => {
      reads += 1;
      if (reads === 1) throw new Error('not built yet');
      return FILES;
    });
    expect(reads).toBe(0);
    expect(await ask('/')).toMatchObject({ status: 500 });
    expect(await ask('/')).toMatchObject({ status: 200 });
    expect(await ask('/')).toMatchObject({ status: 200 });
    expect(reads).toBe(2);
  });
});

describe('I1, I2, I3, I4: who may load the page', () => {
  it.each([
    ['a link in a chat', 200, { 'sec-fetch-site': 'cross-site', ...TAB }],
    ['a login that leads back', 200, { 'sec-fetch-site': 'same-site', ...TAB }],
    ['an address that is typed', 200, { 'sec-fetch-site': 'none', ...TAB }],
    [
      'a frame of the app',
      200,
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    ['curl', 200, {}],
    [
      'a frame of another site',
      403,
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    [
      'a frame of another port',
      403,
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    [
      'an object of another site',
      403,
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' },
    ],
    [
      'a script of another site',
      403,
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    ],
    [
      'an image of another site',
      403,
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    ],
    [
      'a fetch of another port',
      403,
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ],
    ['a fetch of another site, without these headers', 403, { origin: 'https://evil.example' }],
    ['a name that was bound to this address', 403, { host: 'evil.example', ...TAB }],
    ['two hosts', 400, { host: 'a, b' }],
  ])('%s: %i', async (_who, status, headers) => {
    const ask = await serve();
    expect((await ask('/', headers)).status).toBe(status);
  });

  it('a host that is allowed may be named', async () => {
    const ask = await serve();
    expect((await ask('/', { host: 'app.example.com', ...TAB, 'sec-fetch-site': 'none' })).status).toBe(200);
  });

  it('a form of another site cannot post to it', async () => {
    const ask = await serve();
    expect((await ask('/', { 'sec-fetch-site': 'cross-site', ...TAB }, 'POST')).status).toBe(403);
  });
});

it('what is below api/ goes to the API, without that prefix', async () => {
  const ask = await serve();
  expect((await ask('/api/live?since=3')).body).toBe('api /live?since=3');
  expect((await ask('/api')).body).toBe('api /');
  expect((await ask('/api?x')).body).toBe('api /?x');
  expect((await ask('/apis')).status).toBe(404);
});
