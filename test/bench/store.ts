import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type EngineName, loadEngine } from './engines.ts';
import { seedDirectory } from './manyEntries.ts';
import { measureScale } from './measureScale.ts';
import type { StoreCosts } from './storeChild.ts';

/**
 * `npm run bench:store [-- --full]`: what the manifest costs, next to one JSON file that is written anew and to
 * cacache, measured one after the other in one run. `--full` goes on to a million entries.
 */
const { values } = parseArgs({ options: { full: { type: 'boolean', default: false } } });

const CHILD = fileURLToPath(new URL('storeChild.ts', import.meta.url));
const SIZES = values.full ? [1000, 10_000, 100_000, 1_000_000] : [1000, 10_000, 100_000];
/** Beyond it a million index files are written first, which takes longer than all the rest. */
const MAX_CACACHE = 100_000;
const FILES = 20;

const root = await mkdtemp(join(tmpdir(), 'image-cache-bench-'));
try {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, cacache ${await versionOfCacache()}\n`,
  );
  await compareEngines();
  await measureServers();
} finally {
  await rm(root, { recursive: true, force: true });
}

async function compareEngines(): Promise<void> {
  const others: EngineName[] = ['one JSON file', 'cacache'];
  console.log('| entries | | add, ms | add, bytes | first answer, ms | all known, ms | memory, MB |');
  console.log('| ------: | --- | ---: | ---: | ---: | ---: | ---: |');
  for (const size of SIZES) {
    const ours = await costsOf('journal', size);
    const cells = [ours.addMs, ours.addBytes, ours.firstMs, ours.readyMs, ours.rssBytes / 1e6];
    row(size, 'journal', cells.map(amount));
    for (const name of others) {
      if (name === 'cacache' && size > MAX_CACACHE) continue;
      const costs = await costsOf(name, size).catch(() => undefined);
      if (costs === undefined) row(size, name, ['fails']);
      else row(size, name, ratios(costs, ours));
    }
  }
}

function ratios(costs: StoreCosts, ours: StoreCosts): string[] {
  const fields = ['addMs', 'addBytes', 'firstMs', 'readyMs', 'rssBytes'] as const;
  return fields.map((field) => `${amount(costs[field] / ours[field])} ×`);
}

async function costsOf(name: EngineName, size: number): Promise<StoreCosts> {
  const dir = join(root, `${name}-${size}`);
  await mkdir(dir);
  try {
    await (await loadEngine(name)).seed(dir, size);
    const child = fork(CHILD, [dir, name, String(size)]);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended without a word`)));
    const [costs] = (await Promise.race([once(child, 'message'), ended])) as [StoreCosts]; // it sends nothing else
    await ended.catch(() => undefined);
    return costs;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A server on top of it, seen from outside. */
async function measureServers(): Promise<void> {
  console.log('\n| entries | first image by path, ms | by URL, ms | index, ms | memory, MB | + at GET /manifest, MB |');
  console.log('| ------: | ---: | ---: | ---: | ---: | ---: |');
  const delays: string[] = [];
  for (const size of SIZES.filter((each) => each >= 100_000)) {
    const dir = join(root, 'server');
    await mkdir(dir);
    await seedDirectory(dir, size, FILES);
    const { firstImageMs, firstUrlMs, indexMs, entries: _, ...phases } = await measureScale(dir, FILES);
    const memory = Math.max(...Object.values(phases).map(({ peakRssBytes }) => peakRssBytes));
    const listing = phases.listing.peakRssBytes - phases.storing.rssBytes;
    row(size, [firstImageMs, firstUrlMs, indexMs, memory / 1e6, listing / 1e6].map(amount));
    const longest = Object.entries(phases).map(([phase, { delayMs }]) => `${phase} ${amount(delayMs)}`);
    delays.push(`${size.toLocaleString('en')} entries: ${longest.join(', ')}`);
    await rm(dir, { recursive: true });
  }
  console.log(`\nLongest event-loop delay, ms. ${delays.join('. ')}.`);
}

function row(size: number, ...cells: (string | string[])[]): void {
  console.log(`| ${[size.toLocaleString('en'), ...cells.flat()].join(' | ')} |`);
}

function amount(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
}

async function versionOfCacache(): Promise<string> {
  const path = fileURLToPath(new URL('../../node_modules/cacache/package.json', import.meta.url));
  return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version; // every package.json has one
}
