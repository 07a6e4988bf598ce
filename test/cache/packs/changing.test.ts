import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import type { VariantMaker } from '../../../plugin/cache/variants/variantMaker.ts';
import { bytesOf, openCache, type TestCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';
import { collect, entriesIn, inPieces } from '../../helpers/packs.ts';

const NAMES = Array.from({ length: 20 }, (_, n) => `photo ${n}`);

const halving: VariantMaker = {
  isAvailable: () => Promise.resolve(true),
  obstacle: () => 'format',
  make: () => Promise.resolve(undefined),
  canCompress: () => true,
  compress: async (original) => (original.length < 2000 ? undefined : Buffer.from(original.subarray(0, 1000))),
  placeholder: () => Promise.resolve(''),
};

/** A cache whose images change at the origin each time. */
async function changing(settings: Parameters<typeof openCache>[0] = {}): Promise<TestCache> {
  let version = 0;
  const source = new MemorySource((name) => bytesOf(`${name} ${(version += 1)}`));
  return openCache({ source, ...settings });
}

const fill = ({ cache }: TestCache) =>
  Promise.all(NAMES.map((name) => cache.prefetch({ s3_url: `mem:${name}` }, '0001')));

/** What happens to the cache while a pack is written or read. */
const CHANGES: Record<
  string,
  { settings?: Parameters<typeof openCache>[0]; change: (opened: TestCache, round: number) => Promise<unknown> }
> = {
  clear: { change: (opened) => opened.cache.clear().then(() => fill(opened)) },
  invalidate: { change: ({ cache }, round) => cache.invalidate(`mem:${NAMES[round % NAMES.length]}`) },
  evict: {
    settings: { maxSize: 25 * 2000 },
    change: ({ cache }, round) => cache.prefetch({ s3_url: `mem:other ${round}` }, '0002'),
  },
  replace: {
    change: ({ cache }, round) =>
      cache.prefetch({ s3_url: `mem:${NAMES[round % NAMES.length]}` }, '0001', { revalidate: true }),
  },
  compress: {
    settings: { compress: true, maker: halving, idleMs: 1 },
    change: ({ cache }, round) => cache.readUrl(`mem:${NAMES[round % NAMES.length]}`),
  },
};

/** Changes the cache again and again until the task is done. */
async function meanwhile<Result>(task: Promise<Result>, change: (round: number) => Promise<unknown>): Promise<Result> {
  const done = new AbortController();
  void task.catch(() => undefined).finally(() => done.abort());
  for (let round = 0; !done.signal.aborted || round < 3; round += 1) {
    await change(round);
    await setImmediate(); // a hit in memory leaves no turn to others
  }
  return task;
}

it.each(Object.entries(CHANGES))(
  'I26: a pack that is exported during %s has whole images only, and can be imported',
  async (_, { settings, change }) => {
    const opened = await changing(settings);
    await fill(opened);
    for (let turn = 0; turn < 3; turn += 1) {
      const pack = await meanwhile(collect(opened.cache.exportPack()), (round) => change(opened, round));
      for (const { path, body } of entriesIn(pack).slice(1)) {
        expect(path).toContain(`_${createHash('sha256').update(body).digest('hex').slice(0, 32)}.`);
      }
      const answer = await (await openCache()).cache.importPack(inPieces(pack));
      expect(answer).toMatchObject({ refused: 0, imported: answer.total - answer.absent });
    }
  },
);

it.each(Object.entries(CHANGES))(
  'I26: a pack that is imported during %s leaves no file without an entry, and no entry without a file',
  async (_, { settings, change }) => {
    const from = await changing();
    await fill(from);
    const pack = await collect(from.cache.exportPack());
    const opened = await changing(settings);
    for (let turn = 0; turn < 3; turn += 1) {
      // Where images are evicted, there may be no room for all of them.
      await meanwhile(opened.cache.importPack(inPieces(pack)), (round) => change(opened, round)).catch(
        (error: { code: string }) => {
          expect(error.code).toBe('PACK_TOO_LARGE');
        },
      );
    }
    const { problems } = await opened.cache.insight.check(new AbortController().signal, () => undefined);
    expect(problems).toEqual([]);
  },
);

it.each([
  ['cleared', (cache: TestCache['cache']) => cache.clear()],
  ['invalidated', (cache: TestCache['cache'], url: string) => cache.invalidate(url)],
])('an image that is %s while it is imported stays removed, and the answer says so', async (_, remove) => {
  const from = await openCache();
  for (const name of ['a', 'b']) await from.cache.prefetch({ s3_url: `mem:${name}` }, '0001');
  const pack = await collect(from.cache.exportPack());
  const last = pack.lastIndexOf('images/0001/') + 1000; // in the bytes of the second image
  const second = entriesIn(pack).at(-1)?.path ?? '';
  const { cache, dir } = await openCache();
  async function* input() {
    yield pack.subarray(0, last);
    await vi.waitFor(async () => {
      expect(await cache.stats()).toMatchObject({ total_entries: 1 });
      expect(await readdir(join(dir, 'tmp'))).toHaveLength(2); // the manifest, and the beginning of the second image
    });
    const entry = await from.cache.findPath(second);
    await remove(cache, entry?.s3_url ?? '');
    yield pack.subarray(last);
  }
  const answer = await cache.importPack(input());
  expect(answer).toMatchObject({ total: 2, imported: 1, refused: 1 });
  expect(answer.problems).toMatchObject([{ path: second, code: 'PACK_CONFLICT' }]);
  expect(await cache.findPath(second)).toBeUndefined();
});
