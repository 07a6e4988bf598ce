import type { NginxOptions } from '../../plugin/express.ts';
import { RECIPE_SECRET } from '../helpers/nginxRecipes.ts';
import { type Bench, newCacheDir, newDirectory } from './bench.ts';
import { HIT_OBJECTS, writeHitFiles, startOurs } from './hitServers.ts';
import { findProgram } from './processes.ts';
import { type Findings, amount, atLeast } from './report.ts';
import { measureInRounds } from './rounds.ts';
import type { PhotoSize } from './photos.ts';
import { startUpstream } from './upstream.ts';
import { type Load, type Question, runWrk } from './wrk.ts';

const SIZES = ['20 KB', '320 KB'] as const;
const NAMES = {
  static: "nginx's own static files",
  memory: 'nginx passes on our bytes, from memory',
  disk: 'nginx passes on our bytes, from disk',
  sends: 'nginx sends the files that we name',
} as const;
type Name = keyof typeof NAMES;
const speed = ({ requestsPerSecond }: Load) => requestsPerSecond;

/** Private images behind nginx: `authorize` is asked for each, whoever sends the bytes. nginx is set up by the text of docs/cdn.md. */
export async function benchNginx(bench: Bench): Promise<Findings> {
  const wrk = await findProgram('wrk');
  const command = await findProgram('nginx');
  if (wrk === undefined || command === undefined)
    return { tables: [], checks: [], skipped: ['nginx: it takes `apt-get install wrk nginx-light`.'] };
  return measureNginx(bench, { wrk, command });
}

async function measureNginx(bench: Bench, { wrk, command }: { wrk: string; command: string }): Promise<Findings> {
  const { processes } = bench;
  const upstream = await startUpstream(bench, HIT_OBJECTS);
  const { dir, fileOf } = await writeHitFiles(bench, upstream);
  const files = await processes.start('nginx', { command, dir, prefix: await newDirectory(bench), tuning: '' });

  async function startBehind(options: {
    memory?: false;
    nginx?: NginxOptions;
  }): Promise<(size: PhotoSize) => Question> {
    const cacheDir = await newCacheDir(bench);
    const ours = await startOurs(bench, upstream, cacheDir, { ...options, isPrivate: true });
    const prefix = await newDirectory(bench);
    const nginx = await processes.start('nginxInFront', { command, prefix, cacheDir, server: new URL(ours.base).host });
    return (size) => ({ url: ours.ask(size).url.replace(new URL(ours.base).origin, nginx.origin) });
  }
  const ask: Record<Name, (size: PhotoSize) => Question> = {
    static: (size) => ({ url: `${files.origin}/${fileOf(size)}` }),
    memory: await startBehind({}),
    disk: await startBehind({ memory: false }),
    sends: await startBehind({ nginx: { location: '/_image-cache/', secret: RECIPE_SECRET } }),
  };
  const names = Object.keys(NAMES) as Name[]; // its own keys, and no others
  const results = new Map<PhotoSize, Awaited<ReturnType<typeof measure>>>();
  const measure = (size: PhotoSize, seconds: number, rounds: number) =>
    measureInRounds(
      rounds,
      names.map((name) => ({ name, measure: () => runWrk(processes, wrk, ask[name](size), seconds) })),
    );
  for (const size of SIZES) await measure(size, 1, 1);
  for (const size of SIZES) results.set(size, await measure(size, bench.seconds, bench.rounds));

  const ratio = (size: PhotoSize, of: Name, to: Name) => results.get(size)?.ratio(of, to, speed);
  const cell = (name: Name, size: PhotoSize) =>
    name === 'static'
      ? amount(results.get(size)?.median(name, speed) ?? Number.NaN)
      : `${amount(ratio(size, name, 'static') ?? Number.NaN)} ×`;
  return {
    skipped: [],
    tables: [
      {
        title: 'Private images a second behind nginx (`wrk -t1 -c32`): its own static files, and how many times that',
        head: ['', ...SIZES],
        rows: names.map((name) => [NAMES[name], cell(name, '20 KB'), cell(name, '320 KB')]),
      },
    ],
    checks: [
      atLeast(`320 KB: ${NAMES.sends} / ${NAMES.static}`, ratio('320 KB', 'sends', 'static'), 0.7),
      atLeast(`320 KB: ${NAMES.sends} / ${NAMES.memory}`, ratio('320 KB', 'sends', 'memory'), 1.5),
    ],
  };
}
