import type { Page } from 'playwright-core';
import type { Program } from './process.ts';

const SHOWN_MS = 60_000;
const UPDATED_MS = 20_000;
const CONNECTED_MS = 10_000;

export interface Seen {
  /** @throws Error if the picture does not come from the cache */
  reload(): Promise<void>;
  /** Waits for a change of the source. @throws Error if it does not come, or the page was loaded again and ought not to be */
  update(kind: 'update' | 'reload'): Promise<void>;
}

/**
 * Opens the page of an app and waits until it shows the picture, from the cache's API.
 * @throws Error with what the page and the server have complained about
 */
export async function lookAt(page: Page, url: string, server: Program): Promise<Seen> {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const picture = page.getByAltText('Training image');
  const isShown = async (timeout: number): Promise<void> => {
    const handle = await picture.elementHandle({ timeout });
    await page.waitForFunction(
      (image) =>
        image instanceof HTMLImageElement &&
        image.naturalWidth === 120 &&
        image.currentSrc.includes('/api/cache/image'),
      handle,
      { timeout },
    );
  };
  const explain = (error: unknown): never => {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(`${reason}\npage: ${complaints.slice(-5).join('\n')}\nserver: ${server.output.slice(-1500)}`);
  };
  await page.goto(url, { timeout: SHOWN_MS });
  await isShown(SHOWN_MS).catch(explain);

  return {
    async reload() {
      const answer = page.waitForResponse((response) => response.url().includes('/api/cache/image'), {
        timeout: SHOWN_MS,
      });
      answer.catch(() => undefined); // awaited below, after the page
      // What is changed before Vite's socket is there does not reach the page.
      const connected = page.waitForEvent('console', {
        predicate: (message) => message.text().includes('[vite] connected'),
        timeout: CONNECTED_MS,
      });
      connected.catch(() => undefined); // awaited below
      await page.reload({ timeout: SHOWN_MS });
      const found = (await answer.catch(explain)).headers()['x-cache'];
      if (found !== 'HIT') throw new Error(`X-Cache: ${found}`);
      await isShown(SHOWN_MS).catch(explain);
      await connected.catch(() => undefined); // some frameworks do not say so
      // A page that was rendered by the server shows the picture before its modules are there.
      await page.waitForLoadState('networkidle', { timeout: CONNECTED_MS }).catch(() => undefined);
    },
    async update(kind) {
      // In a property that only this document has.
      await page.evaluate(() => Object.assign(window, { isSameDocument: true }));
      await page.getByRole('heading', { name: 'after' }).first().waitFor({ timeout: UPDATED_MS }).catch(explain);
      const isSame = await page.evaluate(() => 'isSameDocument' in window);
      if (kind === 'update' && !isSame) throw new Error('the page was loaded again');
      await isShown(SHOWN_MS).catch(explain);
    },
  };
}
