import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bench, newCacheDir, newDirectory } from './bench.ts';
import { headersOf } from './hitServers.ts';
import { lookup, prefetch } from './ourApi.ts';
import { type PhotoSize, SIZES } from './photos.ts';
import { findProgram } from './processes.ts';
import { type Findings, amount, atLeast } from './report.ts';
import { type Rounds, measureInRounds } from './rounds.ts';
import { type Upstream, startUpstream } from './upstream.ts';
import { type Load, type Question, runWrk } from './wrk.ts';

/** As many turns of each, since a ratio is asked for to a few parts in a hundred. */
const TURNS = 10;

/** One image that everybody asks for, and images that are asked for one after the other, as the pictures of a page are. */
const IMAGES = { '20 KB': [1, 100], '320 KB': [1, 50] } as const;

type Server = 'raw' | 'memory' | 'disk';

const SERVERS: readonly Server[] = ['raw', 'memory', 'disk'];
const speed = ({ requestsPerSecond }: Load) => requestsPerSecond;
const keyOf = (size: PhotoSize, n: number) => `${Number.parseInt(size)}/${n}.jpg`;

/** What the memory tier is worth beside the disk tier, whose files the operating system holds in memory as well. */
export async function benchTiers(bench: Bench): Promise<Findings> {
  const wrk = await findProgram('wrk');
  if (wrk === undefined) {
    return { tables: [], checks: [], skipped: ['the tiers, since wrk is not installed: `apt-get install wrk`.'] };
  }
  const upstream = await startUpstream(
    bench,
    SIZES.map((size) => ({ prefix: `${Number.parseInt(size)}/`, count: IMAGES[size][1], size })),
  );
  const paths = await startAll(bench, upstream);

  const rows: { size: PhotoSize; count: number; results: Rounds<Server, Load> }[] = [];
  for (const size of SIZES) {
    for (const count of IMAGES[size]) {
      const contenders = await Promise.all(
        SERVERS.map(async (name) => {
          const question = await oneAfterTheOther(bench, paths[name][size].slice(0, count));
          return { name, measure: () => runWrk(bench.processes, wrk, question, bench.quick ? 1 : 2) };
        }),
      );
      for (const { measure } of contenders) await measure(); // warms up
      rows.push({ size, count, results: await measureInRounds(bench.quick ? 1 : TURNS, contenders) });
    }
  }
  const times = (value: number | undefined) => `${amount(value ?? Number.NaN)} ×`;
  return {
    tables: [
      {
        title: `Hits a second by tier (\`wrk -t1 -c32\`), medians of ${TURNS} turns: raw node:http from memory, and how many times that`,
        head: ['', 'images', 'raw node:http', 'ours, memory', 'ours, disk', 'memory / disk'],
        rows: rows.map(({ size, count, results }) => [
          size,
          String(count),
          amount(results.median('raw', speed) ?? Number.NaN),
          times(results.ratio('memory', 'raw', speed)),
          times(results.ratio('disk', 'raw', speed)),
          times(results.ratio('memory', 'disk', speed)),
        ]),
      },
    ],
    checks: rows
      .filter(({ size, count }) => size === '20 KB' && count === 1)
      .map(({ results }) =>
        atLeast('20 KB: ours, memory / raw node:http', results.ratio('memory', 'raw', speed), 0.75),
      ),
    skipped: [],
  };
}

type Urls = Record<PhotoSize, string[]>;

/** The same images behind each of the servers. */
async function startAll(bench: Bench, upstream: Upstream): Promise<Record<Server, Urls>> {
  const ours = async (options: { memory?: false }): Promise<Urls> => {
    const { origin } = await bench.processes.start('ours', {
      buckets: [upstream.bucket],
      cacheDir: await newCacheDir(bench),
      ...options,
    });
    const urlsOf = async (size: PhotoSize) => {
      const urls = Array.from({ length: IMAGES[size][1] }, (_, n) => upstream.bareUrl(keyOf(size, n)));
      await prefetch(origin, urls);
      const entries = await Promise.all(urls.map((url) => lookup(origin, url)));
      return entries.map(({ local_path }) => `${origin}/image?path=${local_path}`);
    };
    return { '20 KB': await urlsOf('20 KB'), '320 KB': await urlsOf('320 KB') };
  };
  const memory = await ours({});
  return { memory, disk: await ours({ memory: false }), raw: await startRaw(bench, memory) };
}

/** The answers of ours, byte for byte. */
async function startRaw(bench: Bench, ours: Urls): Promise<Urls> {
  const dir = await newDirectory(bench);
  await mkdir(dir, { recursive: true });
  const answers: Record<string, { file: string; headers: Record<string, string>; notModified: {} }> = {};
  for (const size of SIZES) {
    for (const [n, url] of ours[size].entries()) {
      const response = await fetch(url);
      const file = join(dir, `${Number.parseInt(size)}-${n}`);
      await writeFile(file, Buffer.from(await response.arrayBuffer()));
      const headers = await headersOf(url, {});
      answers[`/${keyOf(size, n)}`] = { file, headers, notModified: {} };
    }
  }
  const { origin } = await bench.processes.start('raw', answers);
  const urlsOf = (size: PhotoSize) => ours[size].map((_, n) => `${origin}/${keyOf(size, n)}`);
  return { '20 KB': urlsOf('20 KB'), '320 KB': urlsOf('320 KB') };
}

/** A script of wrk that asks for one after the other. */
async function oneAfterTheOther(bench: Bench, urls: readonly string[]): Promise<Question> {
  const [first = ''] = urls;
  if (urls.length === 1) return { url: first };
  const script = join(await newDirectory(bench), 'turns.lua');
  const list = urls.map((url) => JSON.stringify(url.slice(new URL(url).origin.length)));
  await writeFile(
    script,
    `local paths = { ${list.join(', ')} }\nlocal n = 0\nfunction request()\n  n = n % #paths + 1\n  return wrk.format('GET', paths[n])\nend\n`,
  );
  return { url: first, script };
}
