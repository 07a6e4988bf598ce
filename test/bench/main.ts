/**
 * `npm run bench [-- hits|misses|priority|memory|tiers|start|soak|uploads|inspector|nginx|jpeg] [--quick]`: what a hit, a miss and a prefetch cost, next to the others who
 * do the same, in one run on one machine. Everything stays on 127.0.0.1.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { benchHits } from './hits.ts';
import { benchInspector } from './inspector.ts';
import { benchJpeg } from './jpeg.ts';
import { benchMemory } from './memory.ts';
import { benchMisses } from './misses.ts';
import { benchNginx } from './nginx.ts';
import { benchPriority } from './priority.ts';
import { Processes } from './processes.ts';
import { hasFailed, render } from './report.ts';
import { benchSoak } from './soak.ts';
import { benchStart } from './start.ts';
import { benchTiers } from './tiers.ts';
import { benchUploads } from './uploads/benchUploads.ts';

const SECTIONS = {
  hits: benchHits,
  misses: benchMisses,
  priority: benchPriority,
  memory: benchMemory,
  tiers: benchTiers,
  start: benchStart,
};
/** Those that take so long that they run only when they are named. */
const LONG_SECTIONS = {
  soak: benchSoak,
  uploads: benchUploads,
  inspector: benchInspector,
  nginx: benchNginx,
  jpeg: benchJpeg,
};

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const all = { ...SECTIONS, ...LONG_SECTIONS };
const unknown = positionals.find((name) => !Object.hasOwn(all, name));
if (unknown !== undefined) throw new Error(`There is no '${unknown}'; there are ${Object.keys(all).join(', ')}.`);

const processes = new Processes();
const root = await mkdtemp(join(tmpdir(), 'image-cache-bench-'));
const { quick } = values;
const bench: Bench = { processes, root, quick, rounds: quick ? 1 : 3, seconds: quick ? 1 : 3 };

let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    void cleanUp().finally(() => process.exit(1));
  });
}
try {
  await runSections();
} catch (error) {
  if (!isInterrupted) throw error; // whatever it was busy with has been ended under it
} finally {
  await cleanUp();
}

async function runSections(): Promise<void> {
  console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}${quick ? ', quick' : ''}`);
  const sections = positionals.length === 0 ? SECTIONS : all;
  for (const [name, benchSection] of Object.entries(sections)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const findings = await benchSection(bench);
    console.log(`\n## ${name}\n\n${render(findings)}`);
    if (findings.checks.some(hasFailed)) process.exitCode = 1;
  }
}

async function cleanUp(): Promise<void> {
  await processes.close();
  await rm(root, { recursive: true, force: true });
}
