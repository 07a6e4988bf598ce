import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { start } from '../helpers/child.ts';
import { freePort } from '../helpers/freePort.ts';
import { testBrowser } from './fixture/browserContext.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const browser = testBrowser();

async function startDemo() {
  const directory = await mkdtemp(join(tmpdir(), 'image-cache-demo-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
  const demo = await start(
    process.execPath,
    ['demo/start.ts', '--pwa', '--no-open', '--port', String(await freePort())],
    'Open ',
    {
      cwd: root,
      env: {
        ...process.env,
        NODE_ENV: 'production', // Vitest says that this is a test
        CI: 'true',
        DEMO_BUILD_DIR: join(directory, 'build'),
        DEMO_CACHE_DIR: join(directory, '.image-cache'),
        DEMO_OUTBOX_DIR: join(directory, '.image-outbox'),
        DEMO_NOTES_FILE: join(directory, 'notes.json'),
        DEMO_S3_PORT: '0',
        DEMO_LATENCY_MS: '0',
      },
    },
  );
  return demo;
}

/** The pictures of the actor that are shown, when the page has settled. */
const shown = (page: Page) =>
  page.evaluate(
    () =>
      Array.from(
        document.querySelectorAll<HTMLImageElement>('[data-testid="actor-page"] [data-testid="picture"] img'),
      ).filter((image) => image.complete && image.naturalWidth > 0).length,
  );

/** How many pictures the browser keeps. */
const kept = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const request = indexedDB.open('image-cache-offline');
        request.addEventListener('error', () => reject(request.error ?? new Error()));
        request.addEventListener('success', () => {
          const database = request.result;
          const count = database.transaction('images').objectStore('images').count();
          count.addEventListener('success', () => {
            database.close();
            resolve(count.result);
          });
        });
      }),
  );

it('the build of the demo shows an actor with S3, server and network off, under other signatures than those it was fetched by', async () => {
  const demo = await startDemo();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.setViewportSize({ width: 1400, height: 4200 });
  await page.goto(demo.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.goto(`${demo.ready}#/actor/0001`);
  await expect.poll(() => shown(page), { timeout: 60_000 }).toBe(25);
  await expect.poll(() => kept(page)).toBeGreaterThanOrEqual(25);
  const signature = page.getByTestId('signature');
  const first = await signature.textContent();
  await page.reload();
  await expect.poll(() => signature.textContent()).not.toBe(first);
  await expect.poll(() => shown(page)).toBe(25);

  await demo.kill('SIGTERM');
  await context.setOffline(true);
  await page.reload();
  await expect.poll(() => shown(page), { timeout: 30_000 }).toBe(25);
  expect(await signature.textContent(), 'from the last answer of the backend').not.toBe(first);
});
