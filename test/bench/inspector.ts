import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { EntriesAnswer, LiveAnswer } from '../../plugin/inspectorProtocol.ts';
import type { CacheStats } from '../../plugin/protocol.ts';
import { type Bench, newCacheDir } from './bench.ts';
import { manyEntry, seedDirectory } from './manyEntries.ts';
import { type Findings, amount, atLeast, atMost, below, together } from './report.ts';
import { median } from './rounds.ts';
import type { ScaleReport } from './scaleServer.ts';

const SERVER = fileURLToPath(new URL('scaleServer.ts', import.meta.url));
/** Files that exist of the entries. */
const FILES = 20;
const POLLS = 3600;
const TURNS = 10;

/** A server on a directory of many entries, in a process of its own. */
interface Server {
  base: string;
  /** Since the last report. */
  report(): Promise<ScaleReport>;
  get<Answer>(path: string): Promise<Answer>;
}

/** What looking costs, and that it changes nothing: `npm run bench -- inspector`. */
export async function benchInspector(bench: Bench): Promise<Findings> {
  return together(await benchFirstView(bench), await benchPolling(bench), await benchHitsWhileWatched(bench));
}

/** I15: a million entries. */
async function benchFirstView(bench: Bench): Promise<Findings> {
  const count = bench.quick ? 100_000 : 1_000_000;
  return withServer(bench, count, async ({ get, report }) => {
    const listened = performance.now();
    const first = await get<LiveAnswer>('/live');
    const answeredMs = performance.now() - listened;
    for (let live = first; live.opening !== undefined; live = await get<LiveAnswer>('/live')) await sleep(100);
    const before = await report();
    const timed = async (path: string) => {
      const started = performance.now();
      const answer = await get<EntriesAnswer>(path);
      return { answer, ms: performance.now() - started, ...(await report()) };
    };
    const view = await timed('/entries');
    const byName = await timed('/entries?order=name');
    const page = await timed('/entries?order=name&page=49');
    const none = await timed('/entries?text=nothing-has-this');
    const started = performance.now();
    await Promise.all(['a', 'b', 'c', 'd'].map((text) => get(`/entries?text=${text}-nothing-has-this`)));
    const four = { ms: performance.now() - started, ...(await report()) };
    if (view.answer.matched !== count || none.answer.matched !== 0) throw new Error('not every entry was looked at');
    const rows = Object.entries({
      'the first 200, by use': view,
      'by name': byName,
      'page 50 of that': page,
      'a text that matches nothing': none,
      'four texts that match nothing, at once': four,
    });
    const entries = `${count.toLocaleString('en')} entries`;
    const grown = (four.peakRssBytes - before.rssBytes) / 1e6;
    return {
      tables: [
        {
          title: `The list of images, of ${entries} (the first \`/live\` after ${amount(answeredMs)} ms, while they were read; ${amount(four.peakRssBytes / 1e6)} MB at most, ${amount(grown)} of them for this)`,
          head: ['', 'ms', 'longest delay of the event loop, ms', 'its processor time, ms'],
          rows: rows.map(([name, { ms, delayMs, busyMs }]) => [name, amount(ms), amount(delayMs), amount(busyMs)]),
        },
      ],
      checks: [
        below(`the first view of ${entries}`, view.ms, 1000, 'ms'),
        below(
          `processor time in one turn, of all of these`,
          Math.max(...rows.map(([, { busyMs }]) => busyMs)),
          100,
          'ms',
        ),
        atMost(`memory, at ${entries}`, four.peakRssBytes / 1e6, 1100, 'MB'),
      ],
      skipped: [],
    };
  });
}

/** I14: an hour of polling, back to back. */
async function benchPolling(bench: Bench): Promise<Findings> {
  const count = bench.quick ? 10_000 : 100_000;
  const polls = bench.quick ? 100 : POLLS;
  return withServer(bench, count, async ({ get, report }) => {
    const stateOf = async () => {
      const { hits, misses, preloading, variants, total_entries } = await get<CacheStats>('/stats');
      const oldest = await get<EntriesAnswer>('/entries?order=stored');
      const used = oldest.entries.map(({ s3_url, last_used_at }) => [s3_url, last_used_at]);
      return JSON.stringify({ hits, misses, preloading, variants, total_entries, used });
    };
    while ((await get<LiveAnswer>('/live')).opening !== undefined) await sleep(100);
    const before = await stateOf();
    await report();
    const started = performance.now();
    let largest = 0;
    let since = 0;
    for (let n = 0; n < polls; n += 1) {
      const live = await get<LiveAnswer>(`/live?since=${since}`);
      since = live.seq;
      largest = Math.max(largest, JSON.stringify(live).length);
      if (n % 60 !== 0) continue;
      await get(`/entries?text=photo-${n}`);
      await get(`/entry?url=${encodeURIComponent(manyEntry(n).s3_url)}`);
      await Promise.all(['/queue', '/problems', '/storage', '/history', '/actors'].map((path) => get(path)));
    }
    const tookMs = performance.now() - started;
    const { cpuMs, busyMs, writtenBytes } = await report();
    const isSame = (await stateOf()) === before;
    const over = `${polls.toLocaleString('en')} polls over ${count.toLocaleString('en')} entries`;
    return {
      tables: [
        {
          title: over,
          head: ['', ''],
          rows: [
            ['a poll, ms', amount(tookMs / polls)],
            ['processor time of one, ms', amount(cpuMs / polls)],
            ['the longest turn, ms', amount(busyMs)],
            ['the largest answer, bytes', amount(largest)],
            ['uses, counts, variants and entries', isSame ? 'unchanged' : 'CHANGED'],
            ['bytes that were written, sockets included', amount(writtenBytes)],
          ],
        },
      ],
      checks: [
        atMost(`${over}: what they have changed (0 is nothing)`, isSame ? 0 : 1, 0),
        below(`${over}: the longest turn`, busyMs, 100, 'ms'),
      ],
      skipped: [],
    };
  });
}

/** Hits a second of the server's processor time, in turns with and without a page that polls each second. */
async function benchHitsWhileWatched(bench: Bench): Promise<Findings> {
  const hits = bench.quick ? 2000 : 30_000;
  return withServer(bench, 1000, async ({ base, get, report }) => {
    const pool = new Pool(base, { connections: 16, pipelining: 4 });
    const path = `/image?path=${encodeURIComponent(manyEntry(0).local_path)}`;
    const load = async (count: number) => {
      let left = count;
      const lane = async () => {
        while (left-- > 0) await (await pool.request({ path, method: 'GET' })).body.dump();
      };
      await Promise.all(Array.from({ length: 64 }, lane));
    };
    const turn = async (isWatched: boolean) => {
      let timer: NodeJS.Timeout | undefined;
      if (isWatched) {
        await get('/live');
        timer = setInterval(() => void get('/live'), 1000);
      } else await sleep(bench.quick ? 0 : 10_500); // until the server takes the page for gone
      await report();
      const started = performance.now();
      await load(hits);
      const ms = performance.now() - started;
      const { cpuMs } = await report();
      clearInterval(timer);
      return { perSecond: (hits / ms) * 1000, perCpuSecond: (hits / cpuMs) * 1000 };
    };
    await load(hits);
    const pairs: { closed: Awaited<ReturnType<typeof turn>>; open: Awaited<ReturnType<typeof turn>> }[] = [];
    for (let n = 0; n < (bench.quick ? 1 : TURNS); n += 1)
      pairs.push({ closed: await turn(false), open: await turn(true) });
    await pool.close();
    const ratio = (of: 'perSecond' | 'perCpuSecond') => median(pairs.map(({ closed, open }) => open[of] / closed[of]));
    const typical = (of: 'perSecond' | 'perCpuSecond') => amount(median(pairs.map(({ closed }) => closed[of])));
    return {
      tables: [
        {
          title: `Hits in memory with the page open, in the median of ${pairs.length} paired turns`,
          head: ['', 'page closed', 'page open'],
          rows: [
            ['hits a second, with this client', typical('perSecond'), `${amount(ratio('perSecond'))} ×`],
            [
              "hits a second of the server's processor time",
              typical('perCpuSecond'),
              `${amount(ratio('perCpuSecond'))} ×`,
            ],
          ],
        },
      ],
      checks: [atLeast('hits a second, page open / closed', ratio('perCpuSecond'), 0.95)],
      skipped: [],
    };
  });
}

async function withServer<Result>(
  bench: Bench,
  count: number,
  use: (server: Server) => Promise<Result>,
): Promise<Result> {
  const dir = await newCacheDir(bench);
  await seedDirectory(dir, count, FILES);
  const child = fork(SERVER, [dir]);
  try {
    const { port } = await answerOf<{ port: number }>(child);
    const base = `http://127.0.0.1:${port}`;
    return await use({
      base,
      async report() {
        const answer = answerOf<ScaleReport>(child);
        child.send('report');
        return answer;
      },
      async get<Answer>(path: string) {
        const response = await fetch(base + path);
        if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`);
        return (await response.json()) as Answer; // the wire contract
      },
    });
  } finally {
    child.kill('SIGKILL');
  }
}

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const listening = new AbortController();
  const { signal } = listening;
  const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the server ended')));
  ended.catch(() => undefined); // aborted below
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer]; // it sends nothing else
  listening.abort();
  return answer;
}
