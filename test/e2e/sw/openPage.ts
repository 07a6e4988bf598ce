import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type * as Client from '../../../components/client/index.ts';
import type * as Kit from '../../../components/sw/index.ts';

import { temporaryDirectory } from '../../helpers/directory.ts';
import { chromiumPath } from '../browser.ts';

declare global {
  interface Window {
    kit: typeof Kit & typeof Client;
  }
}

/** Opens the site, and waits until its worker answers the page's requests. */
export async function openPage(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(origin);
  await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    if (serviceWorker.controller) return;
    const controlled = new Promise((resolve) => {
      serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
    await serviceWorker.register('/worker.js');
    await controlled;
  });
  return page;
}

/** Shows pictures as plain `<img>` elements. @returns their widths, 0 for those that could not be had */
export async function show(page: Page, ...urls: string[]): Promise<number[]> {
  return page.evaluate(
    (sources) =>
      Promise.all(
        sources.map(
          (src) =>
            new Promise<number>((resolve) => {
              const image = new Image();
              image.addEventListener('load', () => resolve(image.naturalWidth));
              image.addEventListener('error', () => resolve(0));
              image.src = src;
              document.body.append(image);
            }),
        ),
      ),
    urls,
  );
}

/** How many pictures are kept. */
export async function kept(page: Page): Promise<number> {
  return page.evaluate(async () => (await window.kit.estimateOffline()).images);
}

export async function expectKept(page: Page, count: number): Promise<void> {
  await expect.poll(() => kept(page)).toBe(count);
}

/** A browser with a profile on the disk. In a profile in memory, Chromium does not free the room of what is removed. */
export async function contextOnDisk(): Promise<BrowserContext> {
  const directory = await temporaryDirectory();
  const options = { executablePath: await chromiumPath(), args: ['--no-sandbox'] };
  const context = await chromium.launchPersistentContext(directory, options);
  onTestFinished(() => context.close());
  return context;
}
