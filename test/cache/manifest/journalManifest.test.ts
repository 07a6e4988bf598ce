import { appendFile, mkdir, open, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import type { AppliedChange } from '../../../plugin/cache/manifest/manifestStore.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { markAsCache, temporaryDirectory } from '../../helpers/directory.ts';
import { entryOf } from '../../helpers/entries.ts';
import { slowness } from '../../helpers/slowness.ts';

async function openStore(dir: string, heard: (change: AppliedChange) => void = () => undefined) {
  const warnings: string[] = [];
  const applied: AppliedChange[] = [];
  const lost: ManifestEntry[] = [];
  const store = new JournalManifest({
    dir,
    prefix: '.image-cache/',
    fsync: false,
    now: () => 1_729_176_000_000,
    observer: {
      applied: (change) => {
        applied.push(change);
        heard(change);
      },
      reset: (gone) => lost.push(...gone),
      warn: (text) => warnings.push(text),
    },
  });
  await store.open();
  onTestFinished(() => store.close());
  return { store, warnings, applied, lost };
}

const keysIn = (store: JournalManifest) => [...store.index.values()].map(({ s3_url }) => s3_url).toSorted();

async function readManifest(dir: string) {
  return JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { version: string; entries: object };
}

describe('JournalManifest', () => {
  it('returns all acknowledged changes after the process ended without closing', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    await store.append({ op: 'put', entry: entryOf(1) });
    await store.append({ op: 'put', entry: entryOf(2) });
    await store.append({ op: 'delete', keys: [entryOf(1).s3_url], reason: 'invalidated' });

    const { store: next } = await openStore(dir);
    expect(keysIn(next)).toEqual([entryOf(2).s3_url]);
    expect(next.index.get(entryOf(2).s3_url)).toEqual(entryOf(2));
  });

  it('publishes manifest.json in the documented shape, and starts from it when the journal is gone', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    await Promise.all([1, 2, 3].map((n) => store.append({ op: 'put', entry: entryOf(n) })));
    await store.compact();

    const manifest = await readManifest(dir);
    expect(manifest.version).toBe('1.0');
    expect(Object.keys(manifest.entries)).toHaveLength(3);

    await store.close();
    await rm(join(dir, 'journal'), { recursive: true });
    const { store: next } = await openStore(dir);
    expect(next.index.size).toBe(3);
  });

  it('reads a manifest.json that another tool has formatted', async () => {
    const dir = await temporaryDirectory();
    const entries = { [entryOf(1).s3_url]: entryOf(1), junk: { s3_url: 'junk' } };
    await writeFile(join(dir, 'manifest.json'), JSON.stringify({ version: '1.0', last_updated: 1, entries }, null, 2));
    const { store } = await openStore(dir);
    expect(keysIn(store)).toEqual([entryOf(1).s3_url]);
  });

  it('shows two stores on one directory each other’s changes, in the same order', async () => {
    const dir = await temporaryDirectory();
    const { store: a } = await openStore(dir);
    const { store: b } = await openStore(dir);
    await Promise.all([
      ...[1, 2, 3, 4].map((n) => a.append({ op: 'put', entry: entryOf(n) })),
      ...[3, 4, 5, 6].map((n) => b.append({ op: 'put', entry: entryOf(n, { filename: 'from b' }) })),
      a.append({ op: 'delete', keys: [entryOf(4).s3_url], reason: 'invalidated' }),
    ]);
    await a.refresh();
    await b.refresh();
    expect([...a.index.values()]).toEqual([...b.index.values()]);
    expect(a.index.totalBytes).toBe(b.index.totalBytes);
    expect(a.index.get(entryOf(5).s3_url)?.filename).toBe('from b');
  });

  it('loses nothing while both append and both compact all the time', async () => {
    const dir = await temporaryDirectory();
    const stores = await Promise.all([openStore(dir), openStore(dir), openStore(dir)]);
    const acknowledged: string[] = [];
    await Promise.all(
      stores.flatMap(({ store }, s) => [
        (async () => {
          for (let n = 0; n < 60; n += 1) {
            const entry = entryOf(s * 1000 + n);
            await store.append({ op: 'put', entry });
            acknowledged.push(entry.s3_url);
          }
        })(),
        (async () => {
          for (let n = 0; n < 20; n += 1) await store.compact();
        })(),
      ]),
    );
    const { store: fresh } = await openStore(dir);
    expect(keysIn(fresh)).toEqual(acknowledged.toSorted());
    for (const { store } of stores) {
      await store.refresh();
      expect(keysIn(store)).toEqual(acknowledged.toSorted());
    }
    await fresh.compact();
    const files = await readdir(join(dir, 'journal'));
    expect(files.filter((name) => name.endsWith('.snap'))).toHaveLength(1);
  });

  it('follows along when another store compacted many times while it slept', async () => {
    const dir = await temporaryDirectory();
    const { store: sleeper } = await openStore(dir);
    const { store: busy } = await openStore(dir);
    for (let n = 0; n < 5; n += 1) {
      await busy.append({ op: 'put', entry: entryOf(n) });
      await busy.compact();
    }
    await sleeper.append({ op: 'put', entry: entryOf(99) });
    expect(sleeper.index.size).toBe(6);
    await busy.refresh();
    expect(busy.index.size).toBe(6);
  });

  it('T53: a torn tail and a flipped bit cost only the record they hit', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    for (const n of [1, 2, 3]) await store.append({ op: 'put', entry: entryOf(n) });
    const log = join(dir, 'journal', '0000000001.log');
    const text = await readFile(log, 'utf8');
    await writeFile(log, text.replace('"filename":"2.jpg"', '"filename":"X.jpg"'));
    await appendFile(log, '\n0123456789abcdef\t{"op":"put","ent');

    const { store: next, warnings } = await openStore(dir);
    expect(keysIn(next)).toEqual([entryOf(1).s3_url, entryOf(3).s3_url]);
    await next.append({ op: 'put', entry: entryOf(4) });
    const { store: last } = await openStore(dir);
    expect(keysIn(last)).toEqual([entryOf(1).s3_url, entryOf(3).s3_url, entryOf(4).s3_url]);
    expect(warnings.join()).toContain('damaged');
  });

  it.each(['null', '[]', '', '\uFEFF{}', '\0\0\0', '{"version":"9","entries":{}}', '{"version":"1.0","entries":{'])(
    'T52: a manifest.json of %j never stops a start and is put aside',
    async (content) => {
      const dir = await markAsCache(await temporaryDirectory());
      await writeFile(join(dir, 'manifest.json'), content);
      const { store, warnings } = await openStore(dir);
      expect(store.index.size).toBe(0);
      expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
      expect(warnings).toHaveLength(1);
      await store.append({ op: 'put', entry: entryOf(1) });
      await store.compact();
      expect(Object.keys((await readManifest(dir)).entries)).toHaveLength(1);
    },
  );

  it('T52: a manifest.json of 600 MB of nothing is put aside without being read into memory', async () => {
    const dir = await markAsCache(await temporaryDirectory());
    const file = await open(join(dir, 'manifest.json'), 'w');
    await file.truncate(600_000_000); // a hole: it takes no room on the disk
    await file.close();
    const before = process.memoryUsage.rss();
    const { store } = await openStore(dir);
    expect(store.index.size).toBe(0);
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
  });

  it('T55: starts empty again when its directory is removed while it runs', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    await store.append({ op: 'put', entry: entryOf(1) });
    await rm(join(dir, 'journal'), { recursive: true });
    await rm(join(dir, 'manifest.json'), { force: true });
    await store.refresh();
    expect(store.index.size).toBe(0);
    await store.append({ op: 'put', entry: entryOf(2) });
    const { store: next } = await openStore(dir);
    expect(keysIn(next)).toEqual([entryOf(2).s3_url]);
  });

  it('clears an actor and keeps what another actor uses', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    await store.append({ op: 'put', entry: entryOf(1) });
    await store.append({ op: 'put', entry: entryOf(2, { actor_ids: ['0001', '0002'] }) });
    const { removed } = await store.append({ op: 'clear', actor: '0001' });
    expect(removed.map(({ s3_url }) => s3_url)).toEqual([entryOf(1).s3_url]);
    const kept = store.index.get(entryOf(2).s3_url);
    expect(kept?.actor_id).toBe('0002');
    expect(kept?.actor_ids).toBeUndefined();
  });

  it('loses nothing when stores open an empty directory at the same moment and compact it at once', async () => {
    for (let round = 0; round < 25; round += 1) {
      const dir = await temporaryDirectory();
      const keys = await Promise.all(
        [1, 2, 3, 4].map(async (n) => {
          const { store } = await openStore(dir);
          const entry = entryOf(n);
          await store.append({ op: 'put', entry });
          await store.close(); // compacts, even if another store does so, too
          return entry.s3_url;
        }),
      );
      const { store } = await openStore(dir);
      expect(keysIn(store)).toEqual(keys.toSorted());
    }
  });

  it.each([
    ['of a process that was killed', (lock: string) => mkdir(lock)],
    ['that is a file', (lock: string) => writeFile(lock, '')],
  ])('T49, T50: a lock %s stops no process from writing, and manifest.json is right in the end', async (_, leave) => {
    const dir = await markAsCache(await temporaryDirectory());
    await mkdir(join(dir, 'journal'));
    await leave(join(dir, 'journal', 'compact.lock'));
    const started = performance.now();
    const { store } = await openStore(dir);
    await store.append({ op: 'put', entry: entryOf(1) });
    await store.compact();
    await store.close();
    expect(performance.now() - started).toBeLessThan(1000 * slowness().clock);
    expect(Object.keys((await readManifest(dir)).entries)).toEqual([entryOf(1).s3_url]);
  });

  it('T47: mends a manifest.json that a process killed in mid-compaction left behind', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    await store.append({ op: 'put', entry: entryOf(1) });
    // Killed after it had sealed the log and before it took the snapshot.
    await writeFile(join(dir, 'journal', '0000000002.log'), '');
    const { store: next } = await openStore(dir);
    expect(keysIn(next)).toEqual([entryOf(1).s3_url]);
    await next.close();
    expect(Object.keys((await readManifest(dir)).entries)).toEqual([entryOf(1).s3_url]);
  });

  it('T68: goes on after a power cut took the end of the log that its snapshot knew', async () => {
    const dir = await temporaryDirectory();
    const { store } = await openStore(dir);
    await store.append({ op: 'put', entry: entryOf(1) });
    await store.close();
    const snapshot = join(dir, 'journal', '0000000002.snap');
    await writeFile(snapshot, (await readFile(snapshot, 'utf8')).replace('"offset":0', '"offset":5000'));
    await truncate(join(dir, 'journal', '0000000002.log'), 0);
    const { store: next } = await openStore(dir);
    await next.append({ op: 'put', entry: entryOf(2) });
    const { store: last } = await openStore(dir);
    expect(keysIn(last)).toEqual([entryOf(1).s3_url, entryOf(2).s3_url]);
  });
});

describe('T65: a change of very many entries', () => {
  const COUNT = 20_000;

  async function openMany(heard?: () => void) {
    const opened = await openStore(await temporaryDirectory(), heard);
    await Promise.all(Array.from({ length: COUNT }, (_, n) => opened.store.append({ op: 'put', entry: entryOf(n) })));
    opened.applied.length = 0;
    return opened;
  }

  /** Counts how often the event loop comes round. */
  function countTurns() {
    const turns = { count: 0 };
    let next = setImmediate(function count() {
      turns.count += 1;
      next = setImmediate(count);
    });
    onTestFinished(() => clearImmediate(next));
    return turns;
  }

  it.each([{ op: 'clear' }, { op: 'clear', actor: '0001' }] as const)(
    'is told in parts, and answered as a whole: %j',
    async (change) => {
      const { store, applied } = await openMany();
      const { removed } = await store.append(change);
      expect(new Set(removed.map(({ s3_url }) => s3_url)).size).toBe(COUNT);
      expect(applied.flatMap((part) => part.removed)).toEqual(removed);
      expect(Math.max(...applied.map((part) => part.removed.length))).toBeLessThan(COUNT / 4);
      expect(applied.every((part) => part.change.op === 'clear')).toBe(true);
      expect(store.index).toMatchObject({ size: 0, totalBytes: 0 });
      expect([...store.index.actors()]).toEqual([]);
    },
  );

  it('lets other work run while an actor is pinned, unpinned and cleared', async () => {
    const turns = countTurns();
    let heardIn = new Set<number>();
    const { store } = await openMany(() => heardIn.add(turns.count));
    for (const pinned of [true, false]) {
      heardIn = new Set();
      await store.append({ op: 'pin', target: { actor: '0001' }, pinned });
      expect(heardIn.size, 'the turns of the event loop in which it was told').toBeGreaterThan(1);
      const isRight = (entry: ManifestEntry) => (entry.pinned === true) === pinned;
      expect([...store.index.values()].every(isRight)).toBe(true);
    }
    heardIn = new Set();
    await store.append({ op: 'clear', actor: '0001' });
    expect(heardIn.size).toBeGreaterThan(1);
  });

  it('T55: is reported completely when the directory is removed', async () => {
    const dir = await temporaryDirectory();
    const { store, lost } = await openStore(dir);
    await Promise.all(Array.from({ length: COUNT }, (_, n) => store.append({ op: 'put', entry: entryOf(n) })));
    await rm(join(dir, 'journal'), { recursive: true });
    await rm(join(dir, 'manifest.json'), { force: true });
    await store.refresh();
    expect(lost).toHaveLength(COUNT);
    expect(store.index.size).toBe(0);
  });
});
