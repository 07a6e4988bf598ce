import { mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { createS3Server } from '../../demo/s3/index.ts';
import { chromiumPath } from '../e2e/browser.ts';
import { run } from '../helpers/child.ts';
import { freePort } from '../helpers/freePort.ts';
import { jpeg } from '../helpers/images.ts';
import { installedVersion, writeApp } from './app.ts';
import { type Cell, PICTURE } from './cell.ts';
import { lookAt } from './lookAt.ts';
import { expectClosed } from './expectClosed.ts';
import { Program } from './process.ts';
import type { CellResult, Step } from './table.ts';
import type { Runner, Tools } from './tools.ts';

const START_MS = 90_000;
const RUN_MS = 240_000;

interface Matrix {
  tarball: string;
  tools: Tools;
  browser: Browser;
}

/** Runs a cell step by step. A step that fails ends those of the same server; what does not need them is still run. */
export async function runCell(cell: Cell, { tarball, tools, browser }: Matrix): Promise<CellResult> {
  const results: CellResult['steps'] = {};
  const versions: string[] = [];
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'image-cache-matrix-')));
  const s3 = await createS3Server({ buckets: [PICTURE.bucket] });
  s3.put(PICTURE.bucket, PICTURE.key, await jpeg(1, { width: 120, height: 80 }));

  async function step<Value>(name: Step, task: () => Promise<Value>): Promise<Value | undefined> {
    try {
      const value = await task();
      results[name] = 'yes';
      return value;
    } catch (error) {
      results[name] = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }

  try {
    const env = {
      ...(await tools.env(cell)),
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      CHROMIUM_PATH: await chromiumPath(),
    };
    const { stdout } = await run('node', ['--version'], { env });
    versions.push(`Node ${stdout.trim().slice(1)}`);
    const app = await writeApp(cell, parent, tarball);
    const runner = await step('install', () => tools.install(app, cell.installer ?? 'npm', env));
    if (!runner) return { cell, versions, steps: results };
    for (const name of ['vite', 'react', ...Object.keys(cell.dependencies ?? {}).filter((each) => SHOWN.test(each))]) {
      const version = await installedVersion(app, name);
      if (version !== undefined) versions.push(`${name} ${version}`);
    }
    if (cell.dev) await runDev(cell.dev, runner, app, env);
    const succeed = (command: readonly string[]) => new Program([...runner, ...command], app, env).succeed(RUN_MS);
    await step('build', () => succeed(cell.build));
    const { types, test } = cell;
    if (types) await step('types', () => succeed(types));
    if (test) await step('test', () => succeed(test));
    if (cell.isForTests) await step('offline', () => runOffline(runner, app, { ...env, IMAGE_CACHE_OFFLINE: '1' }));
  } catch (error) {
    results.install ??= error instanceof Error ? error.message : String(error);
  } finally {
    await s3.close();
    await rm(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
  return { cell, versions, steps: results };

  /** @throws Error if the picture does not show, or the bucket was asked */
  async function runOffline(runner: Runner, app: string, env: NodeJS.ProcessEnv): Promise<void> {
    const before = s3.stats.requests;
    s3.faults.offline = true;
    if (cell.test) await new Program([...runner, ...cell.test], app, env).succeed(RUN_MS);
    if (cell.dev) {
      const { server, port } = await startServer(cell.dev, runner, app, env);
      const page = await browser.newPage();
      try {
        await lookAt(page, (await answering(server, port)) + (cell.page ?? '/'), server);
        if (!server.output.includes('OFFLINE')) throw new Error('the server does not say that it is offline');
      } finally {
        await page.close();
        await server.stop();
      }
    }
    if (s3.stats.requests !== before) throw new Error('S3 was asked');
  }

  async function runDev(dev: readonly string[], runner: Runner, app: string, env: NodeJS.ProcessEnv): Promise<void> {
    const { server, port } = await startServer(dev, runner, app, env);
    const page = await browser.newPage();
    try {
      const origin = await step('dev', () => answering(server, port));
      if (origin === undefined) return;
      const url = origin + (cell.page ?? '/');
      const seen = await step('picture', async () => lookAt(page, url, server));
      if (!seen) return;
      if (s3.stats.gets !== 1) results.picture = `S3 was asked ${s3.stats.gets} times`;
      await step('cached', () => seen.reload());
      await step('HMR', async () => {
        const file = join(app, cell.source);
        const text = await readFile(file, 'utf8');
        // As editors do: a watcher may else read the file while it is empty.
        await writeFile(`${file}~`, cell.create ? text.replace('<h1>', '<h1>after ') : text.replace('before', 'after'));
        await rename(`${file}~`, file);
        await seen.update(cell.hmr ?? 'update');
      });
      if (s3.stats.gets !== 1) results.cached = `S3 was asked ${s3.stats.gets} times`;
      await step('closed', () => expectClosed(app, origin));
    } finally {
      await page.close();
      await server.stop();
      const fault = /^.*\b(?:TypeError|ReferenceError|ERR_[A-Z_]+)\b.*$/m.exec(server.output);
      if (fault) results.dev = fault[0];
    }
  }
}

async function startServer(
  dev: readonly string[],
  runner: Runner,
  app: string,
  env: NodeJS.ProcessEnv,
): Promise<{ server: Program; port: number }> {
  const port = await freePort();
  const command = dev.map((word) => word.replace('{port}', String(port)));
  return { server: new Program([...runner, ...command], app, { ...env, PORT: String(port) }), port };
}

/** Frameworks whose versions are worth telling. */
const SHOWN =
  /^(preact|react-router|@tanstack\/react-start|astro|waku|storybook|vite-plugin-pwa|vike|@ladle\/react|@vitejs\/plugin-legacy|vitest)$/;

async function answering(server: Program, port: number): Promise<string> {
  const until = performance.now() + START_MS;
  while (performance.now() < until && !server.hasEnded) {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const origin = `http://${host}:${port}`;
      const answer = await fetch(origin, { signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer) return origin;
    }
    await sleep(200);
  }
  throw new Error(`does not answer:\n${server.output}`);
}
