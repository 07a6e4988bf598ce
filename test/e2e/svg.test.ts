import { writeFile } from 'node:fs/promises';
import { createServer } from 'vite';
import { expect, it, onTestFinished } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import { temporaryDirectory } from '../helpers/directory.ts';
import { imageUrl, startBucket } from '../helpers/stack.ts';
import { launchBrowser } from './browser.ts';

/** Each way in which an SVG may try to run something tells the server when it succeeds. */
const HOSTILE = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="20" height="20" onload="fetch('/ran?onload')">
  <script>fetch('/ran?script')</script>
  <script xlink:href="/ran?href"/>
  <foreignObject width="10" height="10"><body xmlns="http://www.w3.org/1999/xhtml"><img src="/ran?image" onerror="fetch('/ran?onerror')"/><iframe src="/ran?frame"/></body></foreignObject>
  <image xlink:href="/ran?external" width="5" height="5"/>
  <rect width="20" height="20" fill="teal"/>
</svg>`;

it('T13: an allowed SVG is shown as an image, and runs no script in whatever way it is opened', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'hostile.svg', Buffer.from(HOSTILE), { contentType: 'image/svg+xml' });
  const root = await temporaryDirectory();
  await writeFile(`${root}/index.html`, '<!doctype html><title>page</title>');
  const ran: string[] = [];
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { port: 0 },
    plugins: [
      {
        name: 'witness',
        configureServer({ middlewares }) {
          middlewares.use('/ran', (request, response) => {
            ran.push(request.url ?? '');
            response.end();
          });
        },
      },
      imageCache({ buckets: [bucket.option], allowSvg: true }),
    ],
  });
  onTestFinished(() => server.close());
  await server.listen();
  const origin = server.resolvedUrls?.local[0] ?? '';
  const url = `${origin}api/cache${imageUrl(await bucket.presign('hostile.svg'))}`;

  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(origin);
  const width = await page.evaluate(async (src) => {
    const img = document.body.appendChild(new Image());
    img.src = src;
    await img.decode();
    for (const [tag, attribute] of [
      ['iframe', 'src'],
      ['embed', 'src'],
      ['object', 'data'],
    ] as const) {
      document.body.appendChild(document.createElement(tag)).setAttribute(attribute, src);
    }
    return img.naturalWidth;
  }, url);
  expect(width).toBe(20);

  const download = page.waitForEvent('download');
  await page.goto(url).catch(() => undefined); // a download is no navigation
  expect(await (await download).failure()).toBeNull();
  expect(await page.title()).toBe('page');
  await fetch(`${origin}ran?witness`);
  expect(ran).toEqual(['/?witness']);
});
