import { type Bench, newCacheDir } from './bench.ts';
import { prefetch } from './ourApi.ts';
import type { ServerProcess } from './processes.ts';
import { type Findings, amount, atMost, below } from './report.ts';
import { type Upstream, startUpstream } from './upstream.ts';

const IMAGES = 10_000;
const QUICK_IMAGES = 1000;
const PHOTOS = 40;
const QUICK_PHOTOS = 8;
const AT_ONCE = 32;
const MEMORY_BYTES = 64e6;
const WIDTHS = [256, 640, 1080];

/** How much memory many images take, and how late the event loop is while variants are made. */
export async function benchMemory(bench: Bench): Promise<Findings> {
  const images = bench.quick ? QUICK_IMAGES : IMAGES;
  const photos = bench.quick ? QUICK_PHOTOS : PHOTOS;
  const upstream = await startUpstream(bench, [
    { prefix: 'many/', count: images, size: '20 KB' },
    { prefix: 'photo/', count: photos, size: '320 KB' },
  ]);
  const cacheDir = await newCacheDir(bench);
  const start = () =>
    bench.processes.start('ours', { buckets: [upstream.bucket], cacheDir, memory: { maxSize: MEMORY_BYTES } });
  const paths = await fill(await start(), upstream, { images, photos });

  const server = await start(); // one that has stored nothing
  await fetch(`${server.origin}/stats`); // the index is read
  const idle = await server.usage();
  await getAll(paths.many.map((path) => `${server.origin}/image?path=${path}`));
  const served = await server.usage();
  await getAll(
    paths.photos.flatMap((path) => WIDTHS.map((w) => `${server.origin}/image?path=${path}&w=${w}&format=webp`)),
  );
  const making = await server.usage();
  await server.end();

  const megabytes = (bytes: number) => amount(bytes / 1e6);
  return {
    tables: [
      {
        title: `Memory of a server process (\`memory.maxSize\` is ${MEMORY_BYTES / 1e6} MB), MB`,
        head: ['', 'highest RSS', 'event loop late by, p99, ms'],
        rows: [
          ['started', megabytes(idle.rssBytes), ''],
          [`${images.toLocaleString('en')} images served`, megabytes(served.peakRssBytes), amount(served.delayP99Ms)],
          [`${photos * WIDTHS.length} variants made`, megabytes(making.peakRssBytes), amount(making.delayP99Ms)],
        ],
      },
    ],
    checks: [
      atMost('RSS grew by, images served', (served.peakRssBytes - idle.rssBytes) / 1e6, MEMORY_BYTES / 1e6 + 100, 'MB'),
      below('event loop, p99, while variants are made', making.delayP99Ms, 20, 'ms'),
    ],
    skipped: [],
  };
}

/** Stores them all, and ends the server. @returns their local paths */
async function fill(
  server: ServerProcess,
  upstream: Upstream,
  { images, photos }: { images: number; photos: number },
): Promise<{ many: string[]; photos: string[] }> {
  const store = async (prefix: string, count: number) => {
    const paths: string[] = [];
    const urls = Array.from({ length: count }, (_, n) => upstream.bareUrl(`${prefix}${n}.jpg`));
    await prefetch(server.origin, urls, {
      onLine: (line) => {
        if ('entry' in line) paths.push(line.entry.local_path);
      },
    });
    return paths;
  };
  const paths = { many: await store('many/', images), photos: await store('photo/', photos) };
  await server.end();
  return paths;
}

async function getAll(urls: string[]): Promise<void> {
  const waiting = urls.values();
  const lane = async () => {
    for (const url of waiting) {
      const response = await fetch(url);
      const { byteLength } = await response.arrayBuffer();
      if (response.status !== 200 || byteLength === 0) throw new Error(`${url} was answered with ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
