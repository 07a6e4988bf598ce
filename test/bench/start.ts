import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnUntil } from '../helpers/child.ts';
import { INSTALL, npm, packTarball, root, strangersEnv } from '../e2e/tarball.ts';
import type { Bench } from './bench.ts';
import { type Findings, amount, atMost } from './report.ts';
import { median } from './rounds.ts';

const TURNS = 8;
const QUICK_TURNS = 2;
const CPU_WHEN_READY = import.meta.resolve('./cpuWhenReady.ts');

/** What an app's config says without the plugin, and with it. */
const CONFIGS = {
  without: "import { defineConfig } from 'vite'\nexport default defineConfig({})\n",
  with: `import { defineConfig } from 'vite'
import { imageCache } from 'vite-plugin-image-cache'
export default defineConfig({ plugins: [imageCache({ buckets: ['team-photos', { name: 'photos', endpoint: 'https://s3.example.com' }] })] })
`,
};
type Name = keyof typeof CONFIGS;

interface Start {
  /** From the command to Vite's addresses. */
  ms: number;
  /** The processor time meanwhile, of all threads: it hardly depends on what else the machine does. */
  cpuMs: number;
}

type Turn = Record<Name, Start>;

/** How much later the dev server is ready with the plugin, and how much an app installs with it. */
export async function benchStart(bench: Bench): Promise<Findings> {
  const app = await makeApp(bench);
  const turns = bench.quick ? QUICK_TURNS : TURNS;
  await turn(app); // Vite makes its own files
  const warm: Turn[] = [];
  for (let n = 0; n < turns; n += 1) warm.push(await turn(app, n));
  const cold: Turn[] = [];
  for (let n = 0; n < turns; n += 1) {
    cold.push(await turn(app, n, () => forget(bench, app)));
  }
  const megabytes = await installedMegabytes(bench);
  return {
    tables: [
      {
        title: `\`vite\` until it is ready: medians of ${turns} turns, ms`,
        head: ['', 'without', 'with', 'difference'],
        rows: [
          row('warm', warm, 'ms'),
          row('warm, processor time', warm, 'cpuMs'),
          row('cold: nothing of `node_modules` in memory', cold, 'ms'),
          row('cold, processor time', cold, 'cpuMs'),
        ],
      },
    ],
    checks: [
      atMost('ready later with the plugin, warm', difference(warm, 'ms'), 40, 'ms'),
      atMost('more processor time, warm', difference(warm, 'cpuMs'), 40, 'ms'),
      atMost('ready later with the plugin, cold', difference(cold, 'ms'), 100, 'ms'),
      atMost('more processor time, cold', difference(cold, 'cpuMs'), 100, 'ms'),
      atMost('`npm install` of it alone (`du`)', megabytes, 33, 'MB'),
    ],
    skipped: [],
  };
}

async function makeApp({ root: directory }: Bench): Promise<string> {
  const app = join(directory, 'start');
  await mkdir(app);
  await npm(['init', '--yes'], app);
  await npm([...INSTALL, await packTarball(app), `vite@${await viteVersion()}`], app);
  await writeFile(join(app, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>');
  await writeFile(join(app, 'main.js'), '');
  for (const [name, text] of Object.entries(CONFIGS)) await writeFile(join(app, `${name}.config.mjs`), text);
  return app;
}

/** The Vite that this project is developed with. */
async function viteVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'node_modules/vite/package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Both, one after the other; which is first changes from turn to turn. */
async function turn(app: string, number = 0, before: () => Promise<void> = async () => {}): Promise<Turn> {
  const times: Turn = { without: { ms: 0, cpuMs: 0 }, with: { ms: 0, cpuMs: 0 } };
  const names: Name[] = number % 2 === 0 ? ['without', 'with'] : ['with', 'without'];
  for (const name of names) {
    await before();
    times[name] = await startVite(app, name);
  }
  return times;
}

async function startVite(app: string, name: Name): Promise<Start> {
  const args = [
    '--import',
    CPU_WHEN_READY,
    'node_modules/vite/bin/vite.js',
    '--port',
    '0',
    '--config',
    `${name}.config.mjs`,
  ];
  const begin = performance.now();
  const server = await spawnUntil(process.execPath, args, 'cpu: ', { cwd: app, env: strangersEnv() });
  const ms = performance.now() - begin;
  await server.kill('SIGKILL');
  return { ms, cpuMs: Number(server.ready) };
}

/** What Vite has prepared, and what the kernel keeps of the files, as after a boot. GNU's dd tells the kernel so. */
async function forget({ processes }: Bench, app: string): Promise<void> {
  await rm(join(app, 'node_modules/.vite'), { recursive: true, force: true });
  const drop = 'for file; do dd if="$file" iflag=nocache count=0 status=none; done';
  await processes.run('find', [join(app, 'node_modules'), '-type', 'f', '-exec', 'sh', '-c', drop, 'sh', '{}', '+']);
}

/** An app that has nothing but the plugin; its peers are the app's own. */
async function installedMegabytes({ root: directory, processes }: Bench): Promise<number> {
  const app = join(directory, 'weight');
  await mkdir(app);
  await npm(['init', '--yes'], app);
  await npm([...INSTALL, '--omit=peer', await packTarball(app)], app);
  const output = await processes.run('du', ['-sk', join(app, 'node_modules')]);
  return (Number.parseInt(output, 10) * 1024) / 1e6;
}

const difference = (turns: readonly Turn[], key: keyof Start) =>
  median(turns.map((each) => each.with[key] - each.without[key]));

function row(name: string, turns: readonly Turn[], key: keyof Start): string[] {
  return [
    name,
    amount(median(turns.map((each) => each.without[key]))),
    amount(median(turns.map((each) => each.with[key]))),
    amount(difference(turns, key)),
  ];
}
