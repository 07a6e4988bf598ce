import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../browser.ts';
import type { SceneBrowser, Tab } from './browser.ts';
import { TabPool } from './tabPool.ts';

/** Chromium, by Playwright. Its tabs are profiles of their own, so that none has to share connections with another. */
export async function openChromium(): Promise<SceneBrowser> {
  const browser = await launchBrowser();
  return {
    name: 'chromium',
    can: ['offline', 'media'],
    tabs: new TabPool(() => openTab(browser)),
    close: () => browser.close(),
  };
}

async function openTab(browser: Browser): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: 800, height: 600 },
    ignoreHTTPSErrors: true, // the certificate of the HTTP/2 pages is one that we made ourselves
  });
  const page = await context.newPage();
  return {
    async open(url) {
      await page.goto(url);
    },
    evaluate: (expression) => page.evaluate(expression),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: () => page.screenshot({ animations: 'allow', caret: 'initial' }),
    setOffline: (isOffline) => context.setOffline(isOffline),
    emulateMedia: (features) => page.emulateMedia(features),
    close: () => context.close(),
  };
}
