import { type Bench, newCacheDir } from './bench.ts';
import { startOurs } from './hitServers.ts';
import { seedDirectory } from './manyEntries.ts';
import { type Findings, amount, atLeast } from './report.ts';
import { measureInRounds } from './rounds.ts';
import type { Upstream } from './upstream.ts';
import { type Load, type Question, runWrk } from './wrk.ts';

const ENTRIES = 100_000;
/** Many short rounds: what is looked for is smaller than the noise of one. */
const ROUNDS = 15;

/** What the size of the manifest does to a hit: nothing. */
export async function benchHitsAmongMany(bench: Bench, upstream: Upstream, wrk: string): Promise<Findings> {
  const crowded = await newCacheDir(bench);
  const crowdedDisk = await newCacheDir(bench);
  for (const dir of [crowded, crowdedDisk]) await seedDirectory(dir, ENTRIES, 0);
  const few = {
    memory: await startOurs(bench, upstream, await newCacheDir(bench)),
    disk: await startOurs(bench, upstream, await newCacheDir(bench), { memory: false }),
  };
  const many = {
    memory: await startOurs(bench, upstream, crowded),
    disk: await startOurs(bench, upstream, crowdedDisk, { memory: false }),
  };
  const again = { 'If-None-Match': few.memory.etag('20 KB') };
  const kinds: [string, Question, Question][] = [
    ['20 KB, memory', few.memory.ask('20 KB'), many.memory.ask('20 KB')],
    ['320 KB, memory', few.memory.ask('320 KB'), many.memory.ask('320 KB')],
    ['20 KB, disk', few.disk.ask('20 KB'), many.disk.ask('20 KB')],
    ['304', { ...few.memory.ask('20 KB'), headers: again }, { ...many.memory.ask('20 KB'), headers: again }],
  ];
  const rows: [string, number][] = [];
  for (const [kind, fewQuestion, manyQuestion] of kinds) {
    const measure = (question: Question) => () => runWrk(bench.processes, wrk, question, 1);
    const rounds = await measureInRounds(bench.quick ? 1 : ROUNDS, [
      { name: 'few', measure: measure(fewQuestion) },
      { name: 'many', measure: measure(manyQuestion) },
    ]);
    const speed = ({ requestsPerSecond }: Load) => requestsPerSecond;
    rows.push([kind, rounds.ratio('many', 'few', speed) ?? Number.NaN]);
  }
  const among = `among ${ENTRIES.toLocaleString('en')} entries`;
  return {
    tables: [
      {
        title: `Hits a second ${among}, and how many times that with two`,
        head: ['', 'many / few'],
        rows: rows.map(([kind, ratio]) => [kind, `${amount(ratio)} ×`]),
      },
    ],
    checks: rows.map(([kind, ratio]) => atLeast(`${kind}, ${among} / with two`, ratio, 0.95)),
    skipped: [],
  };
}
