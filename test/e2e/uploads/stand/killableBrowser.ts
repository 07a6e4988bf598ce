import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { chromiumPath } from '../../browser.ts';

const ARGUMENTS = [
  '--headless',
  '--remote-debugging-port=0',
  '--no-sandbox', // the pages are our own, and CI runs as root
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-sync',
  '--password-store=basic',
  '--use-mock-keychain',
  // Tabs that are not in front go on as if they were.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

/**
 * A real Chromium on a profile on the disk, which survives that it is killed. It is started by hand, in a group of processes of its own:
 * so it can be ended at once and whole, as by the system when memory is short.
 */
export interface KillableBrowser {
  /** The profile's own context: what it stores is stored on the disk. */
  readonly context: BrowserContext;
  readonly browser: Browser;
  /** SIGKILL to all of its processes. */
  kill(): Promise<void>;
  /** Starts it on the same profile. */
  relaunch(): Promise<void>;
  /** Kills it, and removes the profile. */
  close(): Promise<void>;
}

export async function launchKillable(extraArguments: readonly string[] = []): Promise<KillableBrowser> {
  const path = await chromiumPath();
  const profile = await mkdtemp(join(tmpdir(), 'image-cache-profile-'));
  let running = await launch();

  async function launch(): Promise<{ child: ChildProcess; browser: Browser }> {
    const args = [...ARGUMENTS, ...extraArguments, `--user-data-dir=${profile}`, 'about:blank'];
    const child = spawn(path, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    const endWithUs = (): void => end(child);
    process.once('exit', endWithUs);
    child.once('exit', () => process.off('exit', endWithUs));
    const browser = await chromium.connectOverCDP(await endpointOf(child));
    return { child, browser };
  }

  async function kill(): Promise<void> {
    const { child, browser } = running;
    if (!isRunning(child)) return;
    const ended = once(child, 'exit');
    end(child);
    await ended;
    await browser.close().catch(() => {});
  }

  return {
    get context() {
      const [context] = running.browser.contexts();
      if (!context) throw new Error('The browser has no context.');
      return context;
    },
    get browser() {
      return running.browser;
    },
    kill,
    async relaunch() {
      running = await launch();
    },
    async close() {
      await kill();
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

/** Its whole group. */
function end(child: ChildProcess): void {
  if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid, 'SIGKILL');
}

async function endpointOf(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const [, endpoint] = /listening on (ws:\S+)/.exec(output) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
    child.once('exit', (code) => reject(new Error(`Chromium ended (${code}): ${output}`)));
    child.once('error', reject);
  });
}
