import type { Bench } from './bench.ts';
import { HIT_OBJECTS, type HitContender, type HitName, startHitServers } from './hitServers.ts';
import { benchHitsAmongMany } from './hitsAmongMany.ts';
import { benchHitsDuringPrefetch } from './hitsDuringPrefetch.ts';
import type { PhotoSize } from './photos.ts';
import { findProgram } from './processes.ts';
import { type Check, type Findings, type Table, amount, atLeast, together } from './report.ts';
import { type Rounds, measureInRounds } from './rounds.ts';
import { startUpstream } from './upstream.ts';
import { type Load, type Question, runWrk } from './wrk.ts';

const COLUMNS = ['20 KB', '320 KB', '304'] as const;
type Column = (typeof COLUMNS)[number];
type Results = Record<Column, Rounds<HitName, Load>>;

const speed = ({ requestsPerSecond }: Load) => requestsPerSecond;

/** Images that are cached: how many a second, next to those who serve files. */
export async function benchHits(bench: Bench): Promise<Findings> {
  const wrk = await findProgram('wrk');
  if (wrk === undefined) {
    return { tables: [], checks: [], skipped: ['all hits, since wrk is not installed: `apt-get install wrk`.'] };
  }
  const upstream = await startUpstream(bench, HIT_OBJECTS);
  const { contenders, skipped } = await startHitServers(bench, upstream);
  const warmUps = contenders.flatMap(({ ask, askAgain }) =>
    [ask('20 KB'), ask('320 KB'), askAgain?.('20 KB') ?? []].flat(),
  );
  for (const question of warmUps) await runWrk(bench.processes, wrk, question, 1);
  const measure = (column: Column) =>
    measureInRounds(
      bench.rounds,
      contenders.flatMap((contender) => {
        const question = questionOf(contender, column);
        if (question === undefined) return [];
        return { name: contender.name, measure: () => runWrk(bench.processes, wrk, question, bench.seconds) };
      }),
    );
  const results = { '20 KB': await measure('20 KB'), '320 KB': await measure('320 KB'), '304': await measure('304') };
  const names = contenders.map(({ name }) => name);
  return together(
    { tables: [tableOf(names, results)], checks: checksOf(results), skipped },
    await benchHitsDuringPrefetch(bench, wrk),
    await benchHitsAmongMany(bench, upstream, wrk),
  );
}

function questionOf(contender: HitContender, column: Column): Question | undefined {
  return column === '304' ? contender.askAgain?.('20 KB') : contender.ask(column);
}

function tableOf(names: HitName[], results: Results): Table {
  const cell = (name: HitName, column: Column) => {
    if (name === 'raw node:http') return amount(results[column].median(name, speed) ?? Number.NaN);
    const ratio = results[column].ratio(name, 'raw node:http', speed);
    return ratio === undefined ? '' : `${amount(ratio)} ×`;
  };
  return {
    title: 'Hits a second (`wrk -t1 -c32`): raw node:http, and how many times that',
    head: ['', ...COLUMNS],
    rows: names.map((name) => [name, ...COLUMNS.map((column) => cell(name, column))]),
  };
}

function checksOf(results: Results): Check[] {
  const check = (column: Column, ours: HitName, limit: number, theirs: HitName) =>
    atLeast(`${column}: ${ours} / ${theirs}`, results[column].ratio(ours, theirs, speed), limit);
  const atBothSizes = (ours: HitName, limit: number, theirs: HitName) =>
    (['20 KB', '320 KB'] satisfies PhotoSize[]).map((size) => check(size, ours, limit, theirs));
  return [
    ...atBothSizes('ours, memory', 0.9, 'raw node:http'),
    check('320 KB', 'ours, memory', 1.7, 'nginx'),
    ...atBothSizes('ours, memory', 4, 'sirv'),
    ...atBothSizes('ours, memory', 4, 'express.static'),
    ...atBothSizes('ours, disk', 1.6, 'sirv'),
    ...atBothSizes('ours in Vite dev', 5, "Vite's public/"),
    check('304', 'ours, memory', 0.9, 'raw node:http'),
  ];
}
