import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { imageUrl, startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { openPage, show, sources } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** A CDN, at an origin of its own, in front of a server that is told later. It keeps what it may keep, and lets every page read it. */
async function startCdn() {
  const state = { origin: '', mode: 'well' as 'well' | 'cut' | '503' };
  const asked: { url: string; cookie: string | undefined }[] = [];
  const kept = new Map<string, { type: string; body: Buffer }>();
  const fetchKept = async (url: string) => {
    const answer = await fetch(state.origin + url);
    const body = Buffer.from(await answer.arrayBuffer());
    const picture = { type: answer.headers.get('content-type') ?? '', body };
    if (answer.headers.get('cache-control')?.includes('immutable') === true) kept.set(url, picture);
    return picture;
  };
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push({ url, cookie: headers.cookie });
    if (state.mode === 'cut') return void request.socket.destroy();
    if (state.mode === '503') return void response.writeHead(503).end();
    void (async () => {
      const { type, body } = kept.get(url) ?? (await fetchKept(url));
      response.setHeader('Access-Control-Allow-Origin', '*').setHeader('Cross-Origin-Resource-Policy', 'same-origin');
      response
        .writeHead(200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' })
        .end(body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { state, asked, kept, url: `http://127.0.0.1:${port}` };
}

/** An app whose images the server has, all of which the page knows of. */
async function setUp(count: number) {
  const bucket = await startBucket();
  const keys = await putPhotos(bucket, count);
  const cdn = await startCdn();
  const server = await startApp({ root: app.root, bucket, imageBase: `${cdn.url}/api/cache/` });
  cdn.state.origin = server.url;
  const pictures = await presignAll(bucket, keys);
  await Promise.all(pictures.map(async ({ s3_url }) => (await fetch(server.api + imageUrl(s3_url))).arrayBuffer()));
  const { page } = await openPage(await browser.newContext(), server.url);
  const urls = pictures.map(({ s3_url }) => s3_url);
  await page.evaluate((all) => Promise.all(all.map((url) => window.fixture.kit.imageCache.lookup(url))), urls);
  server.calls.length = 0;
  const imagesOfServer = () => server.calls.filter((call) => call.includes('/image?'));
  /** Where each picture of the page is from. */
  const origins = async () => (await sources(page)).map((src) => (src.startsWith(cdn.url) ? 'cdn' : 'server'));
  const errors = () => page.evaluate(() => window.fixture.errors);
  return { cdn, page, pictures, imagesOfServer, origins, errors };
}

it('images that never change come from the CDN, without cookies or signatures, and its failure later costs no picture', async () => {
  const { cdn, page, pictures, imagesOfServer, origins, errors } = await setUp(6);
  await page.context().addCookies([{ name: 'session', value: 'secret', url: cdn.url }]);
  await show(page, pictures.slice(0, 4));
  expect(await origins()).toEqual(['cdn', 'cdn', 'cdn', 'cdn']);
  expect(cdn.asked).toHaveLength(4);
  for (const { url, cookie } of cdn.asked) {
    expect([url, cookie]).toEqual([expect.stringMatching(/^\/api\/cache\/image\?path=[\w.%-]+$/), undefined]);
  }
  expect(cdn.kept.size).toBe(4);
  await expect
    .poll(() => page.evaluate(() => window.fixture.statuses.map(({ from }) => from)))
    .toEqual(Array(4).fill('cdn'));
  const before = imagesOfServer().length;

  cdn.state.mode = '503';
  await show(page, pictures);
  expect(await origins()).toEqual(['cdn', 'cdn', 'cdn', 'cdn', 'server', 'server']);
  expect(imagesOfServer().slice(before)).toHaveLength(2);
  expect(await errors()).toBe(0);
});

it('a CDN that cannot be reached from the start costs no picture, and is then left alone', async () => {
  const { cdn, page, pictures, imagesOfServer, origins, errors } = await setUp(4);
  cdn.state.mode = 'cut';
  await show(page, pictures.slice(0, 2));
  expect(await origins()).toEqual(['server', 'server']);
  const tried = cdn.asked.length;
  await show(page, pictures);
  expect(await origins()).toEqual(Array(4).fill('server'));
  expect(cdn.asked.length).toBe(tried);
  expect(imagesOfServer().every((call) => call.startsWith('GET /image?path='))).toBe(true);
  expect(await errors()).toBe(0);
});
