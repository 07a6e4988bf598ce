import type { BrowserContext, Page } from 'playwright-core';
import type * as Kit from '../../../components/sw/index.ts';

declare global {
  interface Window {
    kit: typeof Kit;
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

export async function kept(page: Page): Promise<{ images: number; bytes: number }> {
  return page.evaluate(async () => {
    const { images, bytes } = await window.kit.estimateOffline();
    return { images, bytes };
  });
}
