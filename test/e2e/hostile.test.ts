import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Plugin } from 'vite';
import { describe, expect, it } from 'vitest';
import type { Manifest, ManifestEntry } from '../../plugin/protocol.ts';
import { startBucket } from '../helpers/stack.ts';
import { fetchEveryWay, leaks, listen, loadInto, postEveryWay } from './fixture/attacks.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { startHostileSite } from './fixture/hostileSite.ts';
import { installedApp } from './fixture/install.ts';
import { openPage } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** A dev server with one image in its cache, which is where it is by default: below Vite's root. */
async function setUp({ cors }: { cors?: boolean | undefined } = {}) {
  const bucket = await startBucket();
  const [picture] = await presignAll(bucket, await putPhotos(bucket, 1));
  const settings: Plugin = { name: 'fixture:cors', config: () => ({ server: cors === undefined ? {} : { cors } }) };
  const { url, api, calls } = await startApp({
    root: app.root,
    bucket,
    cacheDir: '.image-cache',
    plugins: [settings],
  });
  await fetch(`${api}/clear-all`, { method: 'POST' });
  await (await fetch(`${api}/image?url=${encodeURIComponent(picture?.s3_url ?? '')}`)).arrayBuffer();
  const readManifest = async () => (await (await fetch(`${api}/manifest`)).json()) as Manifest;
  const [entry] = Object.values((await readManifest()).entries);
  if (!entry) throw new Error('Nothing was cached.');
  return { url, api, calls, entry, readManifest, image: `${api}/image?path=${encodeURIComponent(entry.local_path)}` };
}

/** A page of another site: another port of this host (same-site to browsers), and another host (cross-site). */
const HOSTILE = ['localhost', 'evil.localhost'] as const;

async function openHostilePage(host: (typeof HOSTILE)[number]): Promise<Page> {
  const port = await startHostileSite();
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://${host}:${port}/`);
  return page;
}

/** Everything that would give the cache away in a text. */
const secrets = ({ s3_url, local_path, sha256 }: ManifestEntry) => [s3_url, local_path, sha256, '"entries"'];

describe.each(HOSTILE)('T7: a page of http://%s and another port', (host) => {
  it.each(['img', 'script', 'iframe', 'video', 'link', 'object', 'embed'] as const)(
    'cannot show an image or the manifest in a <%s>',
    async (tag) => {
      const { api, image, entry } = await setUp();
      const page = await openHostilePage(host);
      for (const url of [image, `${api}/manifest`]) {
        const event = await page.evaluate(loadInto, { tag, url });
        // A frame tells of no failure.
        expect(event).toBe(['iframe', 'embed'].includes(tag) ? 'load' : 'error');
        expect(await page.evaluate(() => document.images[0]?.naturalWidth ?? 0)).toBe(0);
      }
      for (const frame of page.frames()) {
        const text = await frame.evaluate(() => document.documentElement.outerHTML).catch(() => '');
        for (const secret of secrets(entry)) expect(text).not.toContain(secret);
      }
    },
  );

  it('cannot read bytes or sizes with fetch', async () => {
    const { api, image, entry } = await setUp();
    const page = await openHostilePage(host);
    for (const url of [image, `${api}/manifest`, `${api}/stats`, `${api}/exists?path=${entry.local_path}`]) {
      const seen = await page.evaluate(fetchEveryWay, url);
      for (const [mode, text] of seen.texts) {
        for (const secret of [...secrets(entry), 'total_entries', 'true'])
          expect(text, `${mode} ${url}`).not.toContain(secret);
      }
      // What a page may know of the size of an answer.
      for (const size of seen.sizes) expect(size).toBeLessThan(entry.size_bytes / 2);
    }
  });

  it('cannot clear the cache or start a prefetch by fetch, beacon or form', async () => {
    const { url, api, calls, entry, readManifest } = await setUp();
    const page = await openHostilePage(host);
    const before = calls.length;
    const bodies = [
      ['/clear-all', ''],
      [`/clear/${entry.actor_id}`, ''],
      ['/invalidate', JSON.stringify({ s3_url: entry.s3_url })],
      ['/prefetch', JSON.stringify({ actor_id: 'evil', images: [{ s3_url: entry.s3_url }] })],
    ] as const;
    for (const [path, body] of bodies) await page.evaluate(postEveryWay, { url: api + path, body });
    // They have really arrived.
    const posts = calls.slice(before).filter((call) => call.startsWith('POST '));
    expect(posts.length).toBeGreaterThanOrEqual(bodies.length * 4);
    const { entries } = await readManifest();
    expect(Object.keys(entries)).toEqual([entry.s3_url]);
    expect(entries[entry.s3_url]?.actor_ids ?? [entry.actor_id]).toEqual([entry.actor_id]);
    expect((await fetch(`${url}/api/cache/image?path=${entry.local_path}`)).headers.get('x-cache')).toBe('HIT');
  });

  it('gets no image when it sends its visitor to the URL', async () => {
    const { api, image, entry } = await setUp();
    for (const url of [`${api}/manifest`, image]) {
      const page = await openHostilePage(host);
      await page.evaluate((target) => location.assign(target), url);
      await page.waitForURL(url);
      const text = await page.evaluate(() => document.documentElement.outerHTML);
      expect(text).toContain('FORBIDDEN_ORIGIN');
      for (const secret of secrets(entry)) expect(text).not.toContain(secret);
    }
  });

  it("receives no events on Vite's socket", async () => {
    const { url, api } = await setUp();
    const page = await openHostilePage(host);
    await page.evaluate(listen, url.replace('http', 'ws'));
    await fetch(`${api}/clear-all`, { method: 'POST' });
    await page.waitForFunction(() => window.isSocketClosed);
    expect(await page.evaluate(() => window.heard)).toEqual([]);
  });
});

// Vite's own CORS would let pages of every localhost read answers; the API takes that back.
it.each([undefined, true, false])(
  'T5: with server.cors %j the API allows neither a preflight nor a plain read',
  async (cors) => {
    const { api } = await setUp({ cors });
    for (const host of HOSTILE) {
      const page = await openHostilePage(host);
      const answers = await page.evaluate(async (base) => {
        const status = (request: Promise<Response>) =>
          request.then(
            (response) => response.status,
            () => 'refused',
          );
        const headers = { 'Content-Type': 'application/json' };
        return [
          await status(fetch(`${base}/invalidate`, { method: 'POST', headers, body: '{}' })),
          await status(fetch(`${base}/manifest`)),
        ];
      }, api);
      expect(answers).toEqual(['refused', 'refused']);
    }
  },
);

it('T5: a page on another port of this host cannot read our page’s images from the browser’s cache', async () => {
  const { url, image } = await setUp({ cors: true });
  const context = await browser.newContext();
  const { page } = await openPage(context, url);
  expect(await page.evaluate((src) => fetch(src).then(({ status }) => status), image)).toBe(200);
  // Ports do not count for a site, nor for the part of the cache that it may use.
  const hostile = await context.newPage();
  await hostile.goto(`http://localhost:${await startHostileSite()}/`);
  const outcome = await hostile.evaluate(
    (src) =>
      fetch(src, { cache: 'force-cache' }).then(
        ({ status }) => status,
        () => 'refused',
      ),
    image,
  );
  expect(outcome).toBe('refused');
});

it('T7: answers to our own page have a Cross-Origin-Resource-Policy', async () => {
  const { url, image } = await setUp();
  const { page } = await openPage(await browser.newContext(), url);
  const answer = await page.evaluate(async (target) => {
    const response = await fetch(target);
    return [response.status, response.headers.get('cross-origin-resource-policy')];
  }, image);
  expect(answer).toEqual([200, 'same-origin']);
});

it('a developer can open an image and the manifest in a tab', async () => {
  const { api, image, entry } = await setUp();
  const page = await (await browser.newContext()).newPage();
  expect((await page.goto(image))?.status()).toBe(200);
  await page.goto(`${api}/manifest`);
  expect(await page.evaluate(() => document.body.textContent)).toContain(entry.sha256);
});

it("T8: the app's own page cannot read the cache directory through Vite", async () => {
  const { url, entry } = await setUp();
  await writeFile(join(app.root, '.env'), 'SECRET=canary');
  const manifest = join(app.root, '.image-cache', 'manifest.json');
  await expect.poll(() => readFile(manifest, 'utf8').catch(() => '')).toContain(entry.sha256);
  const { page } = await openPage(await browser.newContext(), url);
  const queries = ['', '?raw', '?import', '?url', '?inline&import', '?raw??', '?import&raw??', '?.svg?import', '?t=1'];
  const files = ['.image-cache/manifest.json', entry.local_path, '.env'];
  const paths = files.flatMap((file) => [
    `/${file}`,
    `/@fs${app.root}/${file}`,
    `//${file}`,
    `/x/..%2f${file}`,
    `/${file.replace('.', '%2e')}`,
    `/${file.toUpperCase()}`,
  ]);
  const urls = paths.flatMap((path) => queries.map((query) => url + path + query));
  expect(await page.evaluate(leaks, urls)).toEqual([]);
  // The same with a file that is no secret, to see that a leak would have been seen.
  expect(await page.evaluate(leaks, [`${url}/App.tsx?raw`])).toHaveLength(1);
});
