import { describe, expect, it } from 'vitest';
import type { AppliedChange, ManifestObserver, ManifestStore } from '../../../plugin/cache/manifest/manifestStore.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { entryOf } from '../../helpers/entries.ts';

/** Where the stores under test keep what they keep: all that are made of one place share it. */
export interface StorePlace {
  /** A store that has not been opened; it is closed with the test. */
  create(observer: ManifestObserver): ManifestStore;
}

const put = (entry: ManifestEntry) => ({ op: 'put', entry }) as const;

/** What every `ManifestStore` promises, whatever it is made of. */
export function describeManifestStore(name: string, createPlace: () => Promise<StorePlace>): void {
  async function createStore(place?: StorePlace) {
    const applied: AppliedChange[] = [];
    const warnings: string[] = [];
    const store = (place ?? (await createPlace())).create({
      applied: (change) => applied.push(change),
      reset: () => undefined,
      warn: (message) => warnings.push(message),
    });
    return { store, applied, warnings };
  }

  async function openStore(place?: StorePlace) {
    const created = await createStore(place);
    await created.store.open();
    return created;
  }

  describe(`${name} as a ManifestStore`, () => {
    it('starts empty', async () => {
      const { store, applied } = await openStore();
      expect([...store.index.values()]).toEqual([]);
      expect(store.index).toMatchObject({ size: 0, totalBytes: 0 });
      expect(applied).toEqual([]);
    });

    it('knows an entry by key, path and digest once it is acknowledged', async () => {
      const { store } = await openStore();
      const entry = entryOf(1);
      expect(await store.append(put(entry))).toMatchObject({ change: put(entry), removed: [] });
      expect(store.index.get(entry.s3_url)).toEqual(entry);
      expect(store.index.getByPath(entry.local_path)).toEqual(entry);
      expect(store.index.getByPath(entry.local_path.replace('.image-cache/', ''))).toEqual(entry);
      expect(store.index.getByDigest(entry.sha256)).toEqual(entry);
      expect(store.index).toMatchObject({ size: 1, totalBytes: entry.size_bytes });
    });

    it('does not accept an invalid entry', async () => {
      const { store } = await openStore();
      for (const wrong of [{ local_path: '/etc/passwd' }, { sha256: 'x' }, { size_bytes: -1 }, { s3_url: '' }]) {
        await store.append(put({ ...entryOf(1), ...wrong })).catch(() => undefined); // refused, or without effect
      }
      expect(store.index.size).toBe(0);
    });

    it('reports the entries that a change replaced, deleted or cleared', async () => {
      const { store } = await openStore();
      const first = entryOf(1);
      const second = { ...entryOf(1), local_path: entryOf(2).local_path, sha256: entryOf(2).sha256 };
      await store.append(put(first));
      expect((await store.append(put(second))).removed).toEqual([first]);
      expect(store.index.getByPath(first.local_path)).toBeUndefined();
      const deletion = { op: 'delete', keys: [first.s3_url, 'never there'], reason: 'invalidated' } as const;
      expect((await store.append(deletion)).removed).toEqual([second]);
      expect((await store.append(deletion)).removed).toEqual([]);
      await store.append(put(first));
      expect((await store.append({ op: 'clear' })).removed).toEqual([first]);
      expect(store.index).toMatchObject({ size: 0, totalBytes: 0 });
    });

    it('records when an entry was found to be current, and its ETag, unless it holds other bytes by now', async () => {
      const { store, applied } = await openStore();
      const { s3_url: key, sha256 } = entryOf(1);
      await store.append(put(entryOf(1)));
      const current = { op: 'validate', key, sha256, etag: '"new"', at: 2e12 } as const;
      expect(await store.append(current)).toMatchObject({ change: current, removed: [] });
      await store.append({ ...current, sha256: entryOf(2).sha256, at: 3e12 });
      await store.append({ ...current, key: 'never there' });
      expect(store.index.get(key)).toEqual({ ...entryOf(1), etag: '"new"', validated_at: 2e12 });
      expect(store.index.size).toBe(1);
      expect(applied).toHaveLength(4);
    });

    it('replaces an entry by other bytes for all of its actors, and only that entry', async () => {
      const { store } = await openStore();
      const { s3_url, sha256 } = entryOf(1);
      const old = entryOf(1);
      const entry = { ...entryOf(2), s3_url };
      const replacement = { op: 'replace', entry, sha256 } as const;
      await store.append(replacement);
      expect(store.index.size, 'what is not there is not brought back').toBe(0);
      await store.append(put(old));
      await store.append({ op: 'claim', key: s3_url, actor: '0002' });
      await store.append({ op: 'pin', target: { key: s3_url }, pinned: true });
      const { removed } = await store.append(replacement);
      expect(removed.map(({ local_path }) => local_path)).toEqual([old.local_path]);
      expect(store.index.get(s3_url)).toEqual({ ...entry, actor_ids: ['0001', '0002'], pinned: true });
      expect(store.index.getByPath(old.local_path)).toBeUndefined();
      expect((await store.append({ ...replacement, entry: old })).removed, 'no longer the one that was meant').toEqual(
        [],
      );
      expect(store.index).toMatchObject({ size: 1, totalBytes: entry.size_bytes });
    });

    it('clears an actor and keeps what another one claimed', async () => {
      const { store } = await openStore();
      await store.append(put(entryOf(1)));
      await store.append(put(entryOf(2)));
      await store.append({ op: 'claim', key: entryOf(2).s3_url, actor: '0002' });
      const { removed } = await store.append({ op: 'clear', actor: '0001' });
      expect(removed.map(({ filename }) => filename)).toEqual(['1.jpg']);
      expect(store.index.get(entryOf(2).s3_url)).toMatchObject({ actor_id: '0002' });
      expect([...store.index.keysOf('0001')]).toEqual([]);
      expect([...store.index.valuesOf('0002')].map(({ filename }) => filename)).toEqual(['2.jpg']);
    });

    it('tells its observer of every change, in the order in which they took effect', async () => {
      const { store, applied } = await openStore();
      const changes = Array.from({ length: 100 }, (_, n) => put(entryOf(n % 10, { etag: `"${n}"` })));
      await Promise.all(changes.map((change) => store.append(change)));
      expect(applied.map(({ change }) => change)).toMatchObject(changes);
      expect([...store.index.values()].map(({ etag }) => etag).toSorted()).toEqual(
        Array.from({ length: 10 }, (_, n) => `"${90 + n}"`),
      );
    });

    it('shows acknowledged changes to a store that is opened later, and to one that refreshes', async () => {
      const place = await createPlace();
      const a = await openStore(place);
      await a.store.append(put(entryOf(1)));
      const b = await openStore(place);
      expect(b.store.index.get(entryOf(1).s3_url)).toEqual(entryOf(1));
      expect(b.applied, 'what was there before is no news').toEqual([]);
      await b.store.append({ op: 'delete', keys: [entryOf(1).s3_url], reason: 'invalidated' });
      await a.store.append(put(entryOf(2)));
      await Promise.all([a.store.refresh(), b.store.refresh()]);
      expect([...a.store.index.values()]).toEqual([entryOf(2)]);
      expect([...b.store.index.values()]).toEqual([entryOf(2)]);
      expect(a.applied.map(({ change }) => change.op)).toEqual(['put', 'delete', 'put']);
    });

    it('lets two stores write at once, and both end with the same', async () => {
      const place = await createPlace();
      const [a, b] = [await openStore(place), await openStore(place)];
      const writes = Array.from({ length: 200 }, (_, n) =>
        (n % 2 === 0 ? a : b).store.append(put(entryOf(n % 20, { filename: `${n}` }))),
      );
      await Promise.all(writes);
      await Promise.all([a.store.refresh(), b.store.refresh()]);
      expect([...a.store.index.values()]).toEqual([...b.store.index.values()]);
      expect(a.store.index.size).toBe(20);
    });

    it('keeps everything when it is closed, and is closed for good', async () => {
      const place = await createPlace();
      const { store, warnings } = await openStore(place);
      await store.append(put(entryOf(1)));
      await Promise.all([store.close(), store.close()]);
      await expect(store.append(put(entryOf(2)))).rejects.toMatchObject({ code: 'ABORTED' });
      await store.refresh();
      const next = await openStore(place);
      expect([...next.store.index.values()]).toEqual([entryOf(1)]);
      expect([...warnings, ...next.warnings]).toEqual([]);
    });

    it('T64: early lookups are never wrong', async () => {
      const place = await createPlace();
      const writer = (await openStore(place)).store;
      for (let n = 0; n < 50; n += 1) await writer.append(put(entryOf(n)));
      await writer.close(); // the next store can look entries up without reading all of them
      const other = (await openStore(place)).store;
      await other.append({ op: 'delete', keys: [entryOf(1).s3_url], reason: 'invalidated' });
      await other.append(put(entryOf(2, { filename: 'newer' })));
      const { s3_url, sha256 } = entryOf(3);
      await other.append({ op: 'replace', entry: { ...entryOf(100), s3_url }, sha256 });
      const { store } = await createStore(place);
      const opening = store.open();
      const questions = [0, 1, 2, 49, 3].flatMap((n) => [{ path: entryOf(n).local_path }, { key: entryOf(n).s3_url }]);
      const early = await Promise.all(questions.map((question) => store.findEarly(question)));
      await opening;
      const known = questions.map((question) => store.index.find(question));
      expect(early).toEqual(known.map((entry, n) => (early[n] === undefined ? undefined : entry)));
      expect(known[2], 'deleted').toBeUndefined();
      expect(known[4]?.filename).toBe('newer');
    });
  });
}
