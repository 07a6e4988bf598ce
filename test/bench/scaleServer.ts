import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageCache } from '../../plugin/cache/imageCache.ts';
import { developmentAccess } from '../../plugin/http/accessPolicy.ts';
import { OutboundBudget } from '../../plugin/http/outboundBudget.ts';
import { createCacheApi } from '../../plugin/http/apis.ts';
import { MemorySource } from '../helpers/memorySource.ts';
import { PREFIX } from './manyEntries.ts';

/**
 * A cache server as a process of its own, so that what it is asked from outside does not hold up its event loop. Says
 * `{port}` when it listens; answers `report`, `store` and `close` with what has happened since it was last asked.
 */
const [dir = ''] = process.argv.slice(2);

export interface ScaleReport {
  /** The longest time the event loop was held up since the last report. */
  delayMs: number;
  /** The most that this process did between two of its turns, in processor time: what other processes take is not in it. */
  busyMs: number;
  /** Processor time since the last report. */
  cpuMs: number;
  rssBytes: number;
  /** The highest it was since the last report. */
  peakRssBytes: number;
  /** Bytes given to write calls since the last report; 0 where there is no /proc. */
  writtenBytes: number;
}

/** Every URL is its own object. */
class AnySource extends MemorySource {
  override identify(url: string) {
    return { key: url, filename: url };
  }
}

const logger = { debug: undefined, info: () => undefined, warn: (message: string) => console.error(message) };
const cache = new ImageCache({
  dir,
  prefix: PREFIX,
  maxSize: 1e12,
  maxEntries: 1e7,
  minFreeSpace: 0,
  memoryMaxSize: 1e7,
  concurrency: 16,
  durability: 'full',
  openTimeoutMs: 60_000, // a machine that does other things, too, is not a disk that does not answer
  source: new AnySource((name) => Buffer.alloc(2000, name)),
  inspect: () => ({ contentType: 'image/png', extension: 'png', width: 1, height: 1 }),
  logger,
});
const images = { widths: [], formats: [], quality: 75, placeholder: false, store: 'original' } as const;
const context = {
  images,
  allowedOrigins: [],
  allowedHosts: true,
  bodyLimit: 1e6,
  authorize: undefined,
  uploads: undefined,
  manage: undefined,
  doctor: { examine: () => Promise.reject(new Error('not in this bench')), close: () => undefined },
  hasInspector: true,
  simulation: undefined,
} as const;
const handler = createCacheApi({
  hasMetrics: true,
  ...context,
  access: developmentAccess([]),
  outbound: new OutboundBudget(),
  cache,
  logger,
});
const server = createServer((request, response) => handler(request, response, () => undefined));

const RESOLUTION_MS = 2;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let peakRssBytes = 0;
let written = writtenBytes();
let busyMs = 0;
let turnAt = cpuMs();
let reportedAt = cpuMs();
setInterval(() => {
  const now = cpuMs();
  busyMs = Math.max(busyMs, now - turnAt);
  turnAt = now;
}, RESOLUTION_MS).unref();
setInterval(() => {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}, 10).unref();

/** Of this thread. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function writtenBytes(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

function report(): ScaleReport {
  const rssBytes = process.memoryUsage.rss();
  const before = written;
  written = writtenBytes();
  const answer = {
    delayMs: delay.max / 1e6 - RESOLUTION_MS,
    busyMs,
    cpuMs: cpuMs() - reportedAt,
    rssBytes,
    peakRssBytes: Math.max(peakRssBytes, rssBytes),
    writtenBytes: written - before,
  };
  delay.reset();
  peakRssBytes = 0;
  busyMs = 0;
  reportedAt = cpuMs();
  return answer;
}

let stored = 0;
process.on('message', (word: 'report' | 'store' | 'close') => void answer(word));

async function answer(word: 'report' | 'store' | 'close'): Promise<void> {
  if (word === 'store') {
    stored += 1;
    await cache.prefetch({ s3_url: `https://photos.s3.amazonaws.com/${process.pid}-${stored}.png` }, 'new');
  }
  if (word === 'close') await cache.close();
  await sleep(2 * RESOLUTION_MS); // what held up the loop last is measured by the next tick
  process.send?.(report());
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
