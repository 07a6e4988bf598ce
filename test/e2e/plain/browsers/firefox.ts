import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnUntil } from '../../../helpers/child.ts';
import { BidiConnection } from './bidi.ts';
import type { SceneBrowser, Tab } from './browser.ts';
import { TabPool } from './tabPool.ts';

/** Debian's. */
export const FIREFOX = '/usr/bin/firefox-esr';

/** Firefox, headless, by WebDriver BiDi, which it speaks itself. */
export async function openFirefox(): Promise<SceneBrowser> {
  const tabs = new TabPool(openTab);
  const can = (await knowsOffline()) ? (['offline'] as const) : [];
  return { name: 'firefox', can, tabs, close: () => tabs.close() };
}

/** Debian's repositories have versions of Firefox ESR without the command, and with it. */
async function knowsOffline(): Promise<boolean> {
  const tab = await openTab();
  try {
    await tab.setOffline(false);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('unknown command')) return false;
    throw error;
  } finally {
    await tab.close();
  }
}

interface Evaluated {
  type: 'success' | 'exception';
  result?: { value?: string };
  exceptionDetails?: { text: string };
}

/** The one tab of a process of its own: Firefox draws no frames in a tab behind another one, and one that has died takes no other with it. */
async function openTab(): Promise<Tab> {
  const profile = await mkdtemp(join(tmpdir(), 'image-cache-firefox-'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'];
  const firefox = await spawnUntil(FIREFOX, args, 'WebDriver BiDi listening on ');
  const end = async (): Promise<void> => {
    await firefox.kill('SIGKILL');
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  };
  return connect(`${firefox.ready}/session`, end).catch(async (error: unknown) => {
    await end();
    throw error;
  });
}

async function connect(url: string, end: () => Promise<void>): Promise<Tab> {
  const connection = await BidiConnection.open(url);
  await connection.send('session.new', { capabilities: {} });
  const { context } = await connection.send<{ context: string }>('browsingContext.create', { type: 'tab' });
  return {
    async open(url) {
      await connection.send('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await connection.send<Evaluated>('script.evaluate', {
        expression: `(async () => JSON.stringify(await (${expression})) ?? 'null')()`,
        target: { context },
        awaitPromise: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return JSON.parse(result?.value ?? 'null');
    },
    async resize(width, height) {
      await connection.send('browsingContext.setViewport', { context, viewport: { width, height } });
    },
    async screenshot() {
      const { data } = await connection.send<{ data: string }>('browsingContext.captureScreenshot', { context });
      return Buffer.from(data, 'base64');
    },
    async setOffline(isOffline) {
      const networkConditions = isOffline ? { type: 'offline' } : null;
      await connection.send('emulation.setNetworkConditions', { networkConditions, contexts: [context] });
    },
    emulateMedia: () => Promise.reject(new Error('WebDriver BiDi has no command for media features.')),
    async close() {
      connection.close();
      await end();
    },
  };
}
