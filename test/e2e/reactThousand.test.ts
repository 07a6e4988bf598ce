import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import type { PrefetchAnswer } from '../../plugin/protocol.ts';
import { seedDirectory } from '../bench/manyEntries.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';
import type { Picture } from './fixture/app/App.tsx';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { openPage } from './fixture/openPage.ts';
import { startApp } from './fixture/startApp.ts';
import { startBuilt } from './fixture/startBuilt.ts';

const app = installedApp();
const browser = testBrowser();

const COUNT = 1_000;
const ENTRIES = 100_000;
const ROUNDS = 6;
/** In the best of the rounds. What the medians are is in docs/react.md. */
const MAX_RATIO = 1.1;
const SIZE = { width: 240, height: 160 };

/** A few pictures under many names: what is measured is how they come, not how they are made. */
async function putPictures(bucket: Bucket, root: string): Promise<{ signed: Picture[]; plain: Picture[] }> {
  const bodies = await Promise.all(Array.from({ length: 20 }, (_, n) => jpeg(n, SIZE)));
  const names = Array.from({ length: COUNT }, (_, n) => ({
    name: `${n}.jpg`,
    body: bodies[n % 20] ?? Buffer.alloc(0),
  }));
  await mkdir(join(root, 'public', 'files'), { recursive: true });
  for (const { name, body } of names) {
    bucket.server.put('photos', name, body);
    await writeFile(join(root, 'public', 'files', name), body);
  }
  const signed = await Promise.all(names.map(async ({ name }) => ({ s3_url: await bucket.presign(name), ...SIZE })));
  const { width, height } = SIZE;
  return { signed, plain: names.map(({ name }) => ({ s3_url: `plain:/files/${name}`, width, height })) };
}

/** Renders the pictures and waits until those in the viewport are decoded. Milliseconds, and how far anything moved. */
function measure(page: Page, pictures: readonly Picture[]): Promise<{ ms: number; shift: number }> {
  return page.evaluate(async (shown) => {
    window.fixture.kit.configureImageCache({ base: '/api/cache' });
    let shift = 0;
    const observer = new PerformanceObserver((list) => {
      // Layout Instability API, which TypeScript's DOM does not have.
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) shift += entry.value;
    });
    observer.observe({ type: 'layout-shift' });
    const isShown = (img: HTMLImageElement) => img.complete && img.naturalWidth > 0;
    const started = performance.now();
    window.fixture.show(shown);
    const visible = [...document.images].filter((img) => img.getBoundingClientRect().top < innerHeight);
    while (!visible.every(isShown)) await new Promise(requestAnimationFrame);
    await Promise.all(visible.map((img) => img.decode()));
    const ms = performance.now() - started;
    while (![...document.images].every(isShown)) await new Promise(requestAnimationFrame);
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)));
    return { ms, shift };
  }, pictures);
}

it(
  `a page of ${COUNT} images on a manifest of ${ENTRIES}: one look-up, no layout shift, in the time of plain files or little more`,
  { timeout: 300_000 },
  async () => {
    const bucket = await startBucket();
    const { signed, plain } = await putPictures(bucket, app.root);
    const cacheDir = join(await temporaryDirectory(), '.image-cache');
    await seedDirectory(cacheDir, ENTRIES, 0);
    // As it is built for an app's users: what React checks in development is not what is measured.
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    const options = { buckets: [bucket.option], cacheDir, minFreeSpace: 0, logLevel: 'silent' } as const;
    const url = await startBuilt(app.root, [imageCache(options)]);
    for (let start = 0; start < COUNT; start += 250) {
      const answer = await fetch(`${url}/api/cache/prefetch`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ actor_id: '0001', images: signed.slice(start, start + 250) }),
      });
      expect(((await answer.json()) as PrefetchAnswer).failed).toBe(0);
    }

    const ratios: number[] = [];
    // The machine may do something else in one of them.
    const isFast = () => ratios.some((ratio) => ratio <= MAX_RATIO);
    for (let round = 0; round < ROUNDS && !isFast(); round++) {
      // Each in an empty profile: neither the browser nor the page knows any of the images.
      const inProfile = async (pictures: readonly Picture[]) => {
        const context = await browser.newContext();
        const { page, requests, complaints } = await openPage(context, url);
        const measured = await measure(page, pictures);
        expect(complaints).toEqual([]);
        await context.close();
        return { ...measured, requests };
      };
      const before = await inProfile(plain);
      const cached = await inProfile(signed);
      const after = await inProfile(plain);
      expect(cached.requests.filter((request) => request.includes('/api/cache/image?'))).toHaveLength(COUNT);
      expect(cached.shift).toBe(0);
      ratios.push(cached.ms / ((before.ms + after.ms) / 2));
      console.log(
        `visible decoded: plain ${before.ms.toFixed(0)} and ${after.ms.toFixed(0)} ms, cached ${cached.ms.toFixed(0)} ms`,
      );
    }
    console.log(`ratios ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`);
    expect(isFast()).toBe(true);

    vi.unstubAllEnvs();
    const server = await startApp({ root: app.root, bucket, cacheDir, minFreeSpace: 0 });
    const { page, complaints } = await openPage(await browser.newContext(), server.url);
    expect(await measure(page, signed)).toMatchObject({ shift: 0 });
    expect(complaints).toEqual([]);
    expect(server.calls.filter((call) => call === 'POST /lookup')).toHaveLength(1);
    expect(server.calls.filter((call) => call.startsWith('GET /image'))).toHaveLength(COUNT);
    expect(bucket.server.stats.gets).toBe(COUNT);
  },
);
