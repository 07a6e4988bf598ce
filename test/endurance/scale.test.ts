import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isWorthCompacting } from '../../plugin/cache/manifest/compactionPolicy.ts';
import { EarlyManifest } from '../../plugin/cache/manifest/earlyManifest.ts';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { ShardedMap } from '../../plugin/cache/manifest/shardedMap.ts';
import { PREFIX, manyEntry, seedDirectory } from '../bench/manyEntries.ts';
import { measureScale } from '../bench/measureScale.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { slowness } from '../helpers/slowness.ts';

const FILES = 20;

function storeIn(dir: string): JournalManifest {
  const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
  const store = new JournalManifest({ dir, prefix: PREFIX, fsync: false, now: Date.now, observer });
  onTestFinished(() => store.close());
  return store;
}

describe('100,000 entries', () => {
  // What is measured is time, on machines that have other things to do.
  it(
    'T64: are served at once, hold nothing up, and cost no more to add to',
    { timeout: 300_000, retry: 2 },
    async () => {
      const dir = await temporaryDirectory();
      await seedDirectory(dir, 100_000, FILES);
      const { firstImageMs, firstUrlMs, indexMs, entries, ...phases } = await measureScale(dir, FILES);
      const { cpu } = slowness();

      expect(entries).toBe(100_000);
      // By the clock, which also counts what other processes take. So does the longest of many that are in memory.
      expect(firstImageMs).toBeLessThan(Math.max(200, 2 * phases.serving.longestMs));
      expect(firstUrlMs).toBeLessThan(indexMs);
      expect(phases.storing.writtenBytes).toBeLessThan(20_000);
      expect(phases.listing.manifestBytes).toBeGreaterThan(50_000_000);
      expect(phases.listing.peakRssBytes - phases.storing.rssBytes).toBeLessThan(100_000_000);
      for (const [phase, { busyMs }] of Object.entries(phases)) expect(busyMs, phase).toBeLessThan(100 * cpu);

      const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { entries: object };
      expect(Object.keys(manifest.entries)).toHaveLength(100_001);
    },
  );
});

describe('a manifest that has not been read yet', () => {
  /** One of 3,000 entries, after these changes and a process that ended without a word. */
  async function seeded(change: (store: JournalManifest) => Promise<unknown>): Promise<string> {
    const dir = await temporaryDirectory();
    await seedDirectory(dir, 3000, 0);
    const store = storeIn(dir);
    await store.open();
    await change(store);
    return dir;
  }

  async function early(dir: string, n: number): Promise<string | undefined> {
    const manifest = new EarlyManifest({ dir, prefix: PREFIX });
    const [byPath, byKey] = await Promise.all([
      manifest.find({ path: manyEntry(n).local_path }),
      manifest.find({ key: manyEntry(n).s3_url }),
    ]);
    await manifest.close();
    expect(byPath).toEqual(byKey);
    return byPath?.filename;
  }

  it('T64: finds every entry of a snapshot, and no other', async () => {
    const dir = await seeded(async () => undefined);
    const manifest = new EarlyManifest({ dir, prefix: PREFIX });
    for (let n = 0; n < 3000; n += 7) {
      expect((await manifest.find({ key: manyEntry(n).s3_url }))?.filename).toBe(`photo-${n}.jpg`);
    }
    for (let n = 3000; n < 3100; n += 1) expect(await manifest.find({ key: manyEntry(n).s3_url })).toBeUndefined();
    for (const path of ['', '../manifest.json', 'images/0001/x.jpg', `${manyEntry(1).local_path}/..`]) {
      expect(await manifest.find({ path })).toBeUndefined();
    }
    await manifest.close();
    expect(await manifest.find({ key: manyEntry(0).s3_url })).toBeUndefined();
  });

  it('T64: believes the journal rather than the snapshot', async () => {
    const dir = await seeded(async (store) => {
      await store.append({ op: 'delete', keys: [manyEntry(1).s3_url], reason: 'invalidated' });
      await store.append({ op: 'put', entry: { ...manyEntry(2), filename: 'newer' } });
      await store.append({ op: 'put', entry: manyEntry(5000) });
      await store.append({ op: 'claim', key: manyEntry(3).s3_url, actor: 'other' });
    });
    expect(await early(dir, 1)).toBeUndefined();
    expect(await early(dir, 2)).toBe('newer');
    expect(await early(dir, 5000)).toBe('photo-5000.jpg');
    expect(await early(dir, 3), 'who uses it is not told before it is known').toBeUndefined();
    expect(await early(dir, 4)).toBe('photo-4.jpg');
  });

  it('T64: says nothing after a clear, also one of another process in the meantime', async () => {
    expect(await early(await seeded((store) => store.append({ op: 'clear', actor: '0001' })), 2)).toBeUndefined();

    const dir = await seeded(async () => undefined);
    const manifest = new EarlyManifest({ dir, prefix: PREFIX });
    expect(await manifest.find({ key: manyEntry(1).s3_url })).toBeDefined();
    const other = storeIn(dir);
    await other.open();
    await other.append({ op: 'clear' });
    expect(await manifest.find({ key: manyEntry(1).s3_url })).toBeUndefined();
    await manifest.close();
  });

  it('T52: says nothing of a snapshot that is cut, missing, or a directory', async () => {
    const dir = await seeded(async () => undefined);
    const name = (await readdir(join(dir, 'journal'))).find((each) => each.endsWith('.snap')) ?? '';
    const path = join(dir, 'journal', name);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length / 2));
    expect(await early(dir, 1)).toBeUndefined();
    await rm(path);
    expect(await early(dir, 1)).toBeUndefined();
    await mkdir(path);
    expect(await early(dir, 1)).toBeUndefined();
  });
});

describe('when manifest.json is written anew', () => {
  /** The most a single entry costs to write, journal and `manifest.json` together, when they come this fast. */
  function bytesPerEntry(entries: number, perSecond: number): number {
    const record = 700;
    const snapshotBytes = entries * 600;
    for (let added = 1; ; added += 1) {
      const lagMs = (added / perSecond) * 1000;
      if (isWorthCompacting({ entries, logBytes: added * record, snapshotBytes, lagMs })) {
        return record + (2 * snapshotBytes) / added;
      }
    }
  }

  it.each([100_000, 1_000_000])('T64: costs less than 4 kB an entry when %i are there and many come', (entries) => {
    expect(bytesPerEntry(entries, 1000)).toBeLessThan(4000);
  });

  it('follows within a second at 1,000 entries, however slowly they come', () => {
    expect(isWorthCompacting({ entries: 1000, logBytes: 1, snapshotBytes: 600_000, lagMs: 500 })).toBe(true);
  });

  it('follows within an hour in any size', () => {
    const state = { entries: 1e7, logBytes: 1, snapshotBytes: 6e9 };
    expect(isWorthCompacting({ ...state, lagMs: 59 * 60_000 })).toBe(false);
    expect(isWorthCompacting({ ...state, lagMs: 60 * 60_000 })).toBe(true);
  });
});

describe('ShardedMap', () => {
  it('does what a Map does, across the size at which it is divided', () => {
    const sharded = new ShardedMap<number>();
    const map = new Map<string, number>();
    for (let n = 0; n < 200_000; n += 1) {
      const key = `key ${(n * 7919) % 90_000}`;
      if (n % 5 === 4) {
        sharded.delete(key);
        map.delete(key);
      } else {
        sharded.set(key, n);
        map.set(key, n);
      }
    }
    expect(map.size).toBeGreaterThan(65_536);
    expect(sharded.size).toBe(map.size);
    for (let n = 0; n < 90_000; n += 1) if (sharded.get(`key ${n}`) !== map.get(`key ${n}`)) expect.fail(`key ${n}`);
    expect(new Set(sharded.values())).toEqual(new Set(map.values()));
    sharded.clear();
    expect([sharded.size, ...sharded.values()]).toEqual([0]);
  });

  it('keeps the order of insertion while it is small', () => {
    const sharded = new ShardedMap<string>();
    for (const key of ['b', 'a', 'c']) sharded.set(key, key);
    sharded.delete('a');
    sharded.set('a', 'a');
    expect([...sharded.values()]).toEqual(['b', 'c', 'a']);
  });
});
