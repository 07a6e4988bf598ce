import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnUntil } from '../../../helpers/child.ts';
import { chromiumPath } from '../../browser.ts';
import type { SceneBrowser, Tab } from './browser.ts';
import { DevToolsConnection } from './devTools.ts';
import { TabPool } from './tabPool.ts';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox', // the pages are our own, and CI runs as root
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  // Tabs that are played at the same time are all looked at.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--remote-debugging-port=0',
];

/**
 * Chromium, by its own protocol: Playwright takes down what each page does, which takes as long as the scenes themselves. Tabs are
 * profiles of their own, so that none has to share connections with another.
 */
export async function openChromium(): Promise<SceneBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'image-cache-chromium-'));
  const args = [...ARGUMENTS, `--user-data-dir=${profile}`, 'about:blank'];
  const chromium = await spawnUntil(await chromiumPath(), args, 'DevTools listening on ');
  const connection = await DevToolsConnection.open(chromium.ready);
  return {
    name: 'chromium',
    can: ['offline', 'media'],
    tabs: new TabPool(() => openTab(connection)),
    async close() {
      connection.close();
      await chromium.kill('SIGKILL');
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

interface Evaluated {
  result: { value?: unknown };
  exceptionDetails?: { text: string; exception?: { description?: string } };
}

async function openTab(connection: DevToolsConnection): Promise<Tab> {
  const { browserContextId } = await connection.send<{ browserContextId: string }>('Target.createBrowserContext', {});
  const { targetId } = await connection.send<{ targetId: string }>('Target.createTarget', {
    url: 'about:blank',
    browserContextId,
  });
  const { sessionId } = await connection.send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  });
  const send = <Result>(method: string, params: object): Promise<Result> =>
    connection.send<Result>(method, params, sessionId);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await send<Evaluated>('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  // The certificate of the HTTP/2 pages is one that we made ourselves.
  await send('Security.setIgnoreCertificateErrors', { ignore: true });
  await send('Emulation.setFocusEmulationEnabled', { enabled: true });
  return {
    async open(url) {
      await send('Page.navigate', { url });
      await evaluate(
        `document.readyState === 'complete' || new Promise((resolve) => addEventListener('load', resolve)).then(() => true)`,
      );
    },
    evaluate,
    async resize(width, height) {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    },
    async screenshot() {
      const { data } = await send<{ data: string }>('Page.captureScreenshot', { optimizeForSpeed: true });
      return Buffer.from(data, 'base64');
    },
    async setOffline(offline) {
      await send('Network.enable', {});
      const unlimited = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
      await send('Network.emulateNetworkConditions', { offline, ...unlimited });
    },
    async emulateMedia({ media = '', colorScheme = '', reducedMotion = '' }) {
      const features = [
        { name: 'prefers-color-scheme', value: colorScheme },
        { name: 'prefers-reduced-motion', value: reducedMotion },
      ];
      await send('Emulation.setEmulatedMedia', { media, features });
    },
    async close() {
      await connection.send('Target.disposeBrowserContext', { browserContextId });
    },
  };
}
