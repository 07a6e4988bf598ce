import { appendFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Durations } from '../../../plugin/cache/insight/durations.ts';
import { History, STEP_MS } from '../../../plugin/cache/insight/history.ts';
import { type Counted, NOTHING } from '../../../plugin/cache/insight/historyLine.ts';
import { NdjsonFile } from '../../../plugin/cache/files/ndjsonFile.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

async function createHistory(given?: string) {
  const dir = given ?? (await temporaryDirectory());
  const state = { now: START, counted: { ...NOTHING } };
  const durations = new Durations();
  const open = () =>
    new History({
      file: new NdjsonFile(dir, 'history.ndjson'),
      counters: () => ({ ...state.counted }),
      durations,
      now: () => state.now,
    });
  const count = (counted: Partial<Counted>) => {
    for (const [field, more] of Object.entries(counted)) state.counted[field as keyof Counted] += more;
  };
  return { dir, path: join(dir, 'history.ndjson'), state, durations, open, count };
}

describe('what was served, in steps', () => {
  it('with hits by tier, misses and their times, of this process and of earlier ones', async () => {
    const { state, durations, open, count } = await createHistory();
    const first = open();
    count({ hits_memory: 3, misses: 2, bytes_saved: 300, bytes_downloaded: 200 });
    durations.add(100);
    durations.add(900);
    await first.write();
    state.now += STEP_MS;
    count({ hits_disk: 1, failed: 1, bytes_saved: 50 });
    const { points, step_ms, saved_bytes, saved_ms } = await first.answer('1h');
    expect(step_ms).toBe(STEP_MS);
    expect(points).toMatchObject([
      { at: START, hits_memory: 3, hits_disk: 0, misses: 2, bytes_saved: 300, bytes_downloaded: 200 },
      { at: START + STEP_MS, hits_disk: 1, failed: 1, misses: 0 },
    ]);
    expect(points[0]?.miss_p50_ms).toBeGreaterThanOrEqual(100);
    expect(points[0]?.miss_p50_ms).toBeLessThanOrEqual(125);
    expect(points[0]?.miss_p95_ms).toBeGreaterThanOrEqual(900);
    expect(points[1]).not.toHaveProperty('miss_p50_ms');
    expect([saved_bytes, saved_ms]).toEqual([350, 4 * (points[0]?.miss_p50_ms ?? 0)]);
  });

  it('nothing is written when there was nothing', async () => {
    const { path, open } = await createHistory();
    const history = open();
    await history.write();
    await history.close();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['1h', 1],
    ['24h', 2],
    ['30d', 3],
  ] as const)('%s', async (span, expected) => {
    const { state, open, count } = await createHistory();
    const history = open();
    for (const hours of [29 * 24, 22, 0.5]) {
      state.now = START - hours * HOUR;
      count({ misses: 1 });
      await history.write();
    }
    state.now = START;
    expect((await history.answer(span)).points).toHaveLength(expected);
  });
});

describe('I57: the file is shared, and may be anything', () => {
  it('two processes append, and both are counted', async () => {
    const one = await createHistory();
    const other = await createHistory(one.dir);
    one.count({ hits_memory: 1 });
    other.count({ hits_memory: 10 });
    await Promise.all([one.open().write(), other.open().write()]);
    const reader = (await createHistory(one.dir)).open();
    expect((await reader.answer('1h')).points).toMatchObject([{ hits_memory: 11 }]);
  });

  it('torn lines and strangers are skipped', async () => {
    const { path, open, count, dir } = await createHistory();
    await writeFile(
      path,
      '{"at":1,"hits_mem\nnull\n7\n{"at":"x"}\n{"at":1e999}\n[]\n{"at":1,"hits_memory":-5}\n{"at":17',
    );
    count({ misses: 1 });
    await open().write();
    const { points } = await (await createHistory(dir)).open().answer('1h');
    expect(points).toMatchObject([{ misses: 1 }]);
  });

  it('numbers that nobody has counted are skipped, so that no sum is without end', async () => {
    const { path, open, dir, count } = await createHistory();
    count({ misses: 1 });
    await open().write();
    const line = await readFile(path, 'utf8');
    const huge = line.replaceAll(/"(bytes_saved|hits_disk)":0/g, '"$1":1e308');
    const slow = line.replace('"miss_ms":{', '"miss_ms":{"3":1e308,"4":1e308,');
    await writeFile(path, [line, huge, huge, slow].join('\n'));
    const answer = await (await createHistory(dir)).open().answer('30d');
    expect(answer.points).toMatchObject([{ misses: 1, hits_disk: 0, bytes_saved: 0 }]);
    expect(answer.saved_bytes).toBe(0);
  });

  it('a clock that is ten years ahead, and then right again, loses nothing and shows nothing wrong', async () => {
    const { state, open, count } = await createHistory();
    const history = open();
    count({ misses: 1 });
    await history.write();
    state.now += 10 * 365 * 24 * HOUR;
    count({ misses: 1 });
    await history.write();
    state.now = START + 1000;
    expect((await history.answer('30d')).points).toMatchObject([{ misses: 1 }]);
  });

  it('rm -rf under it makes no directory, and the next line is kept if there is one again', async () => {
    const { dir, path, open, count } = await createHistory();
    const history = open();
    await rm(dir, { recursive: true });
    count({ misses: 1 });
    await history.write();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('a file that has become long is shortened to its newer half', async () => {
    const { dir, path } = await createHistory();
    const file = new NdjsonFile(dir, 'history.ndjson');
    const line = (n: number) => JSON.stringify({ n, padding: 'x'.repeat(1000) });
    await mkdir(join(dir, 'tmp'));
    await appendFile(path, `${Array.from({ length: 4500 }, (_, n) => line(n)).join('\n')}\n`);
    await file.append([{ n: 4500 }]);
    const kept = (await file.read()) as { n: number }[];
    expect([kept.at(-1)?.n, kept.length < 2200, kept.length > 1800]).toEqual([4500, true, true]);
    await file.append([{ n: 4501 }]);
    expect(await file.read()).toHaveLength(kept.length + 1);
  });

  it('a link in its place is not followed', async () => {
    const { dir, path } = await createHistory();
    const outside = join(await temporaryDirectory(), 'outside');
    await writeFile(outside, '{"at":1}\n');
    await symlink(outside, path);
    const file = new NdjsonFile(dir, 'history.ndjson');
    await file.append([{ planted: true }]);
    expect([await file.read(), await readFile(outside, 'utf8')]).toEqual([[], '{"at":1}\n']);
  });
});

it('percentiles are right to within a quarter, also of sums', () => {
  const [one, other] = [new Durations(), new Durations()];
  for (let n = 1; n <= 500; n += 1) one.add(n);
  for (let n = 501; n <= 1000; n += 1) other.add(n);
  one.merge(other.counts);
  expect(one.percentile(0.5)).toBeGreaterThanOrEqual(500);
  expect(one.percentile(0.5)).toBeLessThanOrEqual(625);
  expect(one.percentile(0.95)).toBeGreaterThanOrEqual(950);
  expect(one.percentile(0.95)).toBeLessThanOrEqual(1190);
  expect(new Durations().percentile(0.5)).toBeUndefined();
});

it('GET /storage: what is where, and the next process sees what this one has served', async () => {
  const { cache, dir } = await openCache();
  await cache.readUrl('mem:a');
  await cache.readUrl('mem:a');
  expect(await cache.insight.storage()).toMatchObject({
    dir,
    originals: { count: 1, size_bytes: bytesOf('a').length },
    unclaimed: { count: 0 },
    quarantined: { count: 0 },
    max_bytes: 1e9,
    memory: { entries: 1 },
    processes: [{ pid: process.pid, is_this: true }],
    has_sharp: false,
  });
  await cache.close();
  const { cache: next } = await openCache({ dir });
  await next.stats();
  expect((await next.insight.history('1h')).points).toMatchObject([{ hits_memory: 1, misses: 1 }]);
});
