import { readFileSync } from 'node:fs';
import { type EngineName, loadEngine } from './engines.ts';
import { manyEntry } from './manyEntries.ts';

/** One engine on a seeded directory, in a process of its own: what it takes to start it, and to add to it. */
export interface StoreCosts {
  /** From the call that opens it to the first answer. */
  firstMs: number;
  /** To where all entries are known. */
  readyMs: number;
  /** By how much the process has grown by then. */
  rssBytes: number;
  addMs: number;
  /** Given to write calls for each; NaN where there is no /proc. */
  addBytes: number;
}

const [dir = '', name = '', count = ''] = process.argv.slice(2);
const MAX_ADDS = 100;
const MAX_MS = 3000;

const engine = await loadEngine(name as EngineName); // our parent passes nothing else
const rssBefore = process.memoryUsage.rss();
const started = performance.now();
const store = await engine.open(dir);
if (!(await store.find(manyEntry(0)))) throw new Error(`${name} does not find what it was seeded with`);
const firstMs = performance.now() - started;
await store.ready();
const readyMs = performance.now() - started;
const rssBytes = process.memoryUsage.rss() - rssBefore;

const addStarted = performance.now();
const before = writtenBytes();
let adds = 0;
while (adds < MAX_ADDS && performance.now() - addStarted < MAX_MS) {
  await store.add(manyEntry(Number(count) + adds));
  adds += 1;
}
const addMs = (performance.now() - addStarted) / adds;
const addBytes = (writtenBytes() - before) / adds;
process.send?.({ firstMs, readyMs, rssBytes, addMs, addBytes } satisfies StoreCosts);
process.disconnect();

function writtenBytes(): number {
  if (process.platform !== 'linux') return Number.NaN;
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
