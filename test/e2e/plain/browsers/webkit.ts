import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { SceneBrowser, Tab } from './browser.ts';
import { BrowserGone, COMMAND_MS } from './browserGone.ts';
import { TabPool } from './tabPool.ts';

/** Debian's, for WebKitGTK. */
export const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
export const XVFB = '/usr/bin/Xvfb';
const START_MS = 30_000;
/** What the driver answers when its browser has died. */
const GONE: ReadonlySet<string> = new Set(['invalid session id', 'no such window', 'unknown error']);
/** Larger than any window of a scene. */
const SCREEN = '1600x3000x24';

/**
 * The frame that WebKit draws around an `<img>` without a picture WebKitGTK paints a pixel beyond its box, where it stays until that
 * part of the page is painted anew.
 */
const PAINT_ANEW = `(async () => {
  const { style } = document.documentElement;
  for (const opacity of ['0.99', '']) {
    style.opacity = opacity;
    for (const frame of [1, 2]) await new Promise(requestAnimationFrame);
  }
})()`;

/** WebKitGTK's MiniBrowser, by WebDriver (https://www.w3.org/TR/webdriver2/), on a virtual screen. */
export async function openWebKit(miniBrowser: string): Promise<SceneBrowser> {
  const screen = spawn(XVFB, ['-displayfd', '1', '-screen', '0', SCREEN], { stdio: ['ignore', 'pipe', 'ignore'] });
  // It prints the number of a display that was free.
  const [display] = await once(createInterface(screen.stdout), 'line', { signal: AbortSignal.timeout(START_MS) });
  const tabs = new TabPool(() => openTab(miniBrowser, `:${String(display)}`));
  return {
    name: 'webkit',
    can: [],
    tabs,
    async close() {
      await tabs.close();
      screen.kill('SIGKILL');
    },
  };
}

/** The one tab of processes of its own, so that one that has died takes no other with it. */
async function openTab(miniBrowser: string, display: string): Promise<Tab> {
  const port = await freePort();
  const env = { ...process.env, DISPLAY: display };
  const driver = spawn(WEBKIT_DRIVER, [`--port=${port}`], { stdio: 'ignore', env });
  // What is left of the browser ends with its screen.
  const end = (): void => void driver.kill('SIGKILL');
  return connect(`http://127.0.0.1:${port}`, miniBrowser, end).catch((error: unknown) => {
    end();
    throw error;
  });
}

async function connect(driver: string, miniBrowser: string, end: () => void): Promise<Tab> {
  await untilReady(driver);
  const { sessionId } = await send<{ sessionId: string }>(driver, 'POST', 'session', {
    capabilities: {
      alwaysMatch: { 'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] } },
    },
  });
  const session = `${driver}/session/${sessionId}`;
  const evaluate = async (expression: string): Promise<unknown> => {
    const script = `const done = arguments[0];
      (async () => (${expression}))().then((value) => done(JSON.stringify({ value })), (error) => done(JSON.stringify({ error: String(error) })));`;
    const answer = await send<string>(session, 'POST', 'execute/async', { script, args: [] });
    // Written above.
    const { value, error } = JSON.parse(answer) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  };
  return {
    async open(url) {
      await send(session, 'POST', 'url', { url });
    },
    evaluate,
    async resize(width, height) {
      // A window is larger than its viewport by what is around it.
      for (let turn = 0; turn < 3; turn++) {
        const rect = await send<{ width: number; height: number }>(session, 'GET', 'window/rect', undefined);
        const inner = (await evaluate('[innerWidth, innerHeight]')) as [number, number]; // written here
        if (inner[0] === width && inner[1] === height) return;
        await send(session, 'POST', 'window/rect', {
          width: rect.width - inner[0] + width,
          height: rect.height - inner[1] + height,
        });
      }
    },
    async screenshot() {
      await evaluate(PAINT_ANEW);
      return Buffer.from(await send<string>(session, 'GET', 'screenshot', undefined), 'base64');
    },
    setOffline: () => Promise.reject(new Error('WebDriver has no command for that.')),
    emulateMedia: () => Promise.reject(new Error('WebDriver has no command for that.')),
    async close() {
      await send(session, 'DELETE', '', undefined).catch(() => {}); // it may be dead
      end();
    },
  };
}

async function send<Value>(base: string, method: string, path: string, body: unknown): Promise<Value> {
  const response = await fetch(path === '' ? base : `${base}/${path}`, {
    method,
    signal: AbortSignal.timeout(COMMAND_MS),
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  }).catch((error: unknown) => {
    throw new BrowserGone(`${method} ${path} has had no answer.`, { cause: error });
  });
  // As the specification has it.
  const { value } = (await response.json()) as { value: Value & { error?: string; message?: string } };
  if (response.ok) return value;
  const message = `${method} ${path}: ${value.error}: ${value.message}`;
  throw GONE.has(value.error ?? '') ? new BrowserGone(message) : new Error(message);
}

async function untilReady(driver: string): Promise<void> {
  const limit = performance.now() + START_MS;
  for (;;) {
    const isReady = await send(driver, 'GET', 'status', undefined).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    if (performance.now() > limit) throw new Error(`${WEBKIT_DRIVER} does not answer.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.');
  return address.port;
}
