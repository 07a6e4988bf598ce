import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer, type Plugin } from 'vite';
import { expect, it, onTestFinished } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';

const browser = testBrowser();

/** A dev server as of an app with two cached images and one that has failed, and a page that frames the inspector. */
async function setUp(headers: Record<string, string>, base = '/') {
  const bucket = await startBucket();
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), `<h1>App</h1><iframe src="${base}__image-cache/"></iframe>`);
  const server = await createServer({
    root,
    base,
    configFile: false,
    logLevel: 'silent',
    server: { port: 0, host: '127.0.0.1', headers, watch: null, ws: false },
    plugins: [imageCache({ buckets: [bucket.option], logLevel: 'silent' })],
  });
  onTestFinished(() => server.close());
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? '';
  for (const [key, picture] of Object.entries({ 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2) })) {
    bucket.server.put('photos', key, picture);
    await (await fetch(`${url}api/cache${imageUrl(await bucket.presign(key))}`)).arrayBuffer();
  }
  await (await fetch(`${url}api/cache${imageUrl(await bucket.presign('missing.jpg'))}`)).arrayBuffer();

  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('request', (request) => requests.push(request.url()));
  return { page, url, complaints, requests };
}

it.each([
  [
    'isolated by require-corp',
    { 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Opener-Policy': 'same-origin' },
  ],
  ['isolated by credentialless', { 'Cross-Origin-Embedder-Policy': 'credentialless' }],
  ['with a strict policy of its own', { 'Content-Security-Policy': "default-src 'self'" }],
])('I8, I9: opens in a frame of an app that is %s, and shows its images', async (_, headers) => {
  const { page, url, complaints, requests } = await setUp(headers);
  await page.goto(url);
  const frame = page.frameLocator('iframe');
  await frame.getByRole('gridcell', { name: /^b\.jpg/ }).waitFor();
  await frame.locator('.picture[data-state="shown"]').nth(1).waitFor({ state: 'attached' });
  expect(complaints.filter((text) => text.includes('__image-cache'))).toEqual([]);
  expect(requests.filter((each) => !each.startsWith(url) && !each.startsWith('data:'))).toEqual([]);
});

it('I4: a link from another site opens the page below any base, which then shows why an image is missing', async () => {
  const { page, url, complaints } = await setUp({}, '/sub/');
  await page.route('https://chat.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<a href="${url}__image-cache/#/problems">look</a>` }),
  );
  await page.goto('https://chat.example/');
  await page.getByRole('link').click();
  await page.getByText('UPSTREAM_NOT_FOUND').waitFor();
  for (const view of ['Activity', 'Queue', 'Storage', 'Trends', 'Doctor', 'Simulate', 'Uploads']) {
    await page.getByRole('link', { name: view }).click();
    await page.getByRole('heading', { level: 1, name: view }).waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
    expect(await page.getByRole('alert').allTextContents(), view).toEqual([]);
  }
  expect(complaints).toEqual([]);
});

it('looking changes nothing, and what is done is done: an image is pinned, fetched again and forgotten', async () => {
  const { page, url } = await setUp({});
  await page.goto(`${url}__image-cache/`);
  const used = async () => {
    const manifest = (await (await fetch(`${url}api/cache/manifest`)).json()) as {
      entries: Record<string, { last_used_at: number }>;
    };
    return Object.values(manifest.entries).map(({ last_used_at }) => last_used_at);
  };
  const before = await used();
  await page.locator('.picture[data-state="shown"]').nth(1).waitFor({ state: 'attached' });
  await page.getByRole('gridcell', { name: /^a\.jpg/ }).click();
  await page.getByRole('heading', { name: 'Story' }).waitFor();
  expect(await used()).toEqual(before);
  await page.getByRole('button', { name: 'Pin', exact: true }).click();
  await page.getByRole('button', { name: 'Unpin' }).waitFor();
  await page.getByRole('button', { name: 'Fetch again' }).click();
  await page.getByText('Fetched again: unchanged in the bucket.').first().waitFor();
  await page.getByRole('button', { name: 'Not asked: ask the bucket' }).click();
  await page.getByText('there, as cached').waitFor();
  await page.getByRole('button', { name: 'Forget' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
  await page.getByText('It is not in the cache: was invalidated').waitFor();
  expect(Object.keys(await used())).toHaveLength(1);
});

it('I19: three inspectors that load their pictures let those of the app go first, over the six connections of HTTP/1.1', async () => {
  const bucket = await startBucket();
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '<h1>App</h1>');
  const arrived: ('thumb' | 'image')[] = [];
  let thumbMs = 1_500;
  const slowThumbs: Plugin = {
    name: 'test:slow-thumbs',
    configureServer({ middlewares }) {
      middlewares.use((request, _, next) => {
        const what = /\/(thumb|image)\?/.exec(request.url ?? '')?.[1];
        if (what === 'thumb' || what === 'image') arrived.push(what);
        setTimeout(next, what === 'thumb' ? thumbMs : 0);
      });
    },
  };
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { port: 0, host: '127.0.0.1', watch: null, ws: false },
    plugins: [slowThumbs, imageCache({ buckets: [bucket.option], logLevel: 'silent' })],
  });
  onTestFinished(() => server.close());
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? '';
  const images: string[] = [];
  for (let n = 0; n < 90; n += 1) {
    bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
    images.push(`${url}api/cache${imageUrl(await bucket.presign(`${n}.jpg`))}&actor_id=${n % 3}`);
  }
  await Promise.all(images.map(async (image) => (await fetch(image)).arrayBuffer()));
  const context = await browser.newContext();
  const app = await context.newPage();
  await app.goto(url);
  for (let n = 0; n < 3; n += 1) {
    const page = await context.newPage();
    await page.setViewportSize({ width: 1600, height: 1200 });
    await page.goto(`${url}__image-cache/#/images?actor=${n}`);
  }
  await expect.poll(() => arrived.includes('thumb')).toBe(true);
  const before = arrived.length;
  await app.evaluate(
    (sources) =>
      Promise.all(sources.map((src) => Object.assign(document.body.appendChild(new Image()), { src }).decode())),
    images.slice(0, 10),
  );
  const since = arrived.slice(before);
  thumbMs = 0;
  const thumbsAhead = since.slice(0, since.lastIndexOf('image')).filter((what) => what === 'thumb').length;
  expect(since.filter((what) => what === 'image')).toHaveLength(10);
  // Those that have their connection already, and those that are given one while the app asks; without priorities it is dozens.
  expect(thumbsAhead).toBeLessThanOrEqual(12);
  await expect.poll(() => arrived.length - before, { timeout: 20_000 }).toBeGreaterThan(40); // many were to come
});
