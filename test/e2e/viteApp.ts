import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { launchBrowser } from './browser.ts';
import { INSTALL, npm, packTarball } from './tarball.ts';

/** The newest when this was written. Another one may bring another template, which is to be looked at, not met by chance. */
const CREATE_VITE = 'vite@9.3.0';

/** A fresh `npm create vite -- --template react-ts` that has installed the tarball, and a browser. One a test file. */
export function freshViteApp(prepare: (app: string) => Promise<void>): { readonly path: string; open: OpenPage } {
  const app = { path: '' };
  let browser: Browser;
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'image-cache-vite-'));
    const tarball = await packTarball(directory);
    await npm(['create', '--yes', CREATE_VITE, 'app', '--', '--template', 'react-ts', '--no-interactive'], directory);
    app.path = join(directory, 'app');
    await npm([...INSTALL, tarball], app.path);
    await prepare(app.path);
    browser = await launchBrowser();
    return () => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  });
  afterAll(() => browser.close());
  return {
    get path() {
      return app.path;
    },
    open: (origin) => openPage(browser, origin),
  };
}

type OpenPage = (origin: string) => ReturnType<typeof openPage>;

/** Opens a page, and takes down what it asks for and what it complains about. */
async function openPage(browser: Browser, origin: string) {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(origin);
  return { page, requests, complaints };
}

/** Where the app's one picture comes from, once the browser has decoded it. */
export async function shownPicture(page: Page): Promise<string> {
  const picture = page.getByAltText('Training image');
  await expect
    .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth), { timeout: 15_000 })
    .toBe(120);
  return picture.evaluate((image: HTMLImageElement) => image.currentSrc);
}
