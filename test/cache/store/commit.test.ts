import { appendFile, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BlobStore } from '../../../plugin/cache/files/blobStore.ts';
import { imagePath } from '../../../plugin/cache/files/layout.ts';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import { encodeRecord } from '../../../plugin/cache/manifest/journalRecord.ts';
import type { AppliedChange } from '../../../plugin/cache/manifest/manifestStore.ts';
import { MemoryTier } from '../../../plugin/cache/store/memoryTier.ts';
import { Committer } from '../../../plugin/cache/store/commit.ts';
import { ImageStore } from '../../../plugin/cache/store/imageStore.ts';
import { bytesOf } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { entryOf } from '../../helpers/entries.ts';

const prefix = '.image-cache/';

/** What a process holds of a directory. */
async function openProcess(dir: string) {
  const cancelled: string[] = [];
  const observer = {
    applied: (applied: AppliedChange) => committer.applied(applied),
    reset: () => undefined,
    warn: () => undefined,
  };
  const store = new JournalManifest({ dir, prefix, fsync: false, now: Date.now, observer });
  const blobs = new BlobStore({ dir, fsync: false, now: Date.now });
  const imageStore = new ImageStore({ store, blobs, memory: new MemoryTier(0), warn: () => undefined });
  const committer = new Committer({ store, blobs, imageStore, cancelled: (key) => cancelled.push(key) });
  await store.open();
  onTestFinished(() => store.close());
  return { store, blobs, imageStore, committer, cancelled };
}

type Process = Awaited<ReturnType<typeof openProcess>>;

async function write({ blobs }: Process, name: string) {
  const writer = await blobs.createWriter();
  await writer.write([bytesOf(name)]);
  const blob = await writer.finish(false);
  const { actor_id: actorId, s3_url: key } = entryOf(1);
  const local_path = imagePath({ actorId, key, sha256: blob.sha256, extension: 'webp' });
  return { blob, entry: entryOf(1, { local_path, sha256: blob.sha256, size_bytes: blob.size }) };
}

async function openStored() {
  const dir = await temporaryDirectory();
  const parts = await openProcess(dir);
  const { blob, entry } = await write(parts, 'old');
  await parts.blobs.store(blob, entry.local_path, undefined);
  await parts.store.append({ op: 'put', entry });
  const files = () => readdir(join(dir, 'images', '0001'));
  const known = parts.store.index.get(entry.s3_url) ?? entry;
  return { dir, parts, known, files };
}

const KEY = entryOf(1).s3_url;
const ACTOR = entryOf(1).actor_id;

async function replace({ committer }: Process, replacement: Parameters<Committer['replace']>[1]) {
  const write = committer.begin(KEY, ACTOR);
  try {
    return (await committer.replace(write, replacement)).status;
  } finally {
    committer.end(write);
  }
}

describe('replace', () => {
  it('replaces the entry and the file', async () => {
    const { parts, known, files } = await openStored();
    const { blob, entry } = await write(parts, 'new');
    expect(await replace(parts, { known, entry, blob })).toBe('stored');
    expect(parts.store.index.get(known.s3_url)?.sha256).toBe(blob.sha256);
    expect(await files()).toEqual([basename(entry.local_path)]);
  });

  it('T59: leaves nothing of an image that another process has cleared, even if this one has not noticed yet', async () => {
    const { dir, parts, known, files } = await openStored();
    const other = await openProcess(dir);
    const { blob, entry } = await write(parts, 'new');
    const { removed } = await other.store.append({ op: 'clear' });
    await other.imageStore.remove(removed);
    expect(parts.store.index.get(known.s3_url)).toBeDefined();
    expect(await replace(parts, { known, entry, blob })).toBe('cancelled');
    expect(parts.store.index.size).toBe(0);
    expect(await files()).toEqual([]);
  });

  it('keeps the image with which another process has replaced it', async () => {
    const { dir, parts, known, files } = await openStored();
    const other = await openProcess(dir);
    const theirs = await write(other, 'theirs');
    await replace(other, { known, ...theirs });
    const ours = await write(parts, 'ours');
    expect(await replace(parts, { known, ...ours })).toBe('superseded');
    expect(parts.store.index.get(known.s3_url)?.sha256).toBe(theirs.blob.sha256);
    expect(await files()).toEqual([basename(theirs.entry.local_path)]);
  });

  it('T55: is no error if the directory was removed by hand', async () => {
    const { parts, known } = await openStored();
    const { blob, entry } = await write(parts, 'new');
    const gone = { ...blob, path: `${blob.path}-gone` };
    expect(await replace(parts, { known, entry, blob: gone })).toBe('cancelled');
    expect(parts.store.index.get(known.s3_url)?.sha256).toBe(known.sha256);
  });
});

describe('put', () => {
  async function openTwo() {
    const dir = await temporaryDirectory();
    const [ours, theirs] = [await openProcess(dir), await openProcess(dir)];
    return { dir, ours, theirs, files: () => readdir(join(dir, 'images', '0001')) };
  }

  it('R4: stores nothing of an image that another process has invalidated since, and says whose it was', async () => {
    const { ours, theirs, files } = await openTwo();
    const pending = ours.committer.begin(KEY, ACTOR);
    const { blob, entry } = await write(ours, 'v1');
    await theirs.store.append({ op: 'delete', keys: [KEY], reason: 'invalidated' });
    expect(await ours.committer.put(pending, entry, blob)).toEqual({ status: 'cancelled' });
    expect(ours.cancelled).toEqual([KEY]);
    expect(ours.store.index.size).toBe(0);
    expect(await files().catch(() => [])).toEqual([]);
  });

  it('R4: keeps the image that another process has stored since, which is the newer one', async () => {
    const { ours, theirs, files } = await openTwo();
    const pending = ours.committer.begin(KEY, ACTOR);
    const v1 = await write(ours, 'v1');
    const v2 = await write(theirs, 'v2');
    await theirs.committer.put(theirs.committer.begin(KEY, ACTOR), v2.entry, v2.blob);
    const commit = await ours.committer.put(pending, v1.entry, v1.blob);
    expect(commit).toMatchObject({ status: 'superseded', entry: { sha256: v2.blob.sha256 } });
    expect(await files()).toEqual([basename(v2.entry.local_path)]);
  });

  it('is stored, and not superseded, if another process has stored the same bytes for the same actor', async () => {
    const { ours, theirs, files } = await openTwo();
    const pending = ours.committer.begin(KEY, ACTOR);
    const [mine, same] = [await write(ours, 'v1'), await write(theirs, 'v1')];
    await theirs.committer.put(theirs.committer.begin(KEY, ACTOR), same.entry, same.blob);
    expect((await ours.committer.put(pending, mine.entry, mine.blob)).status).toBe('stored');
    expect(await files()).toEqual([basename(same.entry.local_path)]);
  });

  it.each(['put', 'adopt'] as const)(
    'R4: a %s that was written after a look at the manifest, and came to the journal after an invalidation, does nothing in any process',
    async (op) => {
      const { dir, ours, theirs } = await openTwo();
      const { entry } = await write(ours, 'v1');
      // The writer was stopped between its look and its write.
      await theirs.store.append({ op: 'put', entry: entryOf(2) });
      const log = join(dir, 'journal', '0000000001.log');
      const { size: read } = await stat(log);
      await theirs.store.append({ op: 'delete', keys: [KEY], reason: 'invalidated' });
      await appendFile(log, encodeRecord({ op, entry, id: 'stopped-1', read }));
      await Promise.all([ours.store.refresh(), theirs.store.refresh()]);
      const later = await openProcess(dir);
      for (const each of [ours, theirs, later]) {
        expect(each.store.index.get(KEY)).toBeUndefined();
        expect(each.store.index.size).toBe(1);
      }
    },
  );

  it('a record about another image in between does not matter', async () => {
    const { dir, ours, theirs } = await openTwo();
    const { entry } = await write(ours, 'v1');
    const log = join(dir, 'journal', '0000000001.log');
    const { size: read } = await stat(log);
    await theirs.store.append({ op: 'put', entry: entryOf(2) });
    await theirs.store.append({ op: 'clear', actor: 'another actor' });
    await appendFile(log, encodeRecord({ op: 'put', entry, id: 'stopped-1', read }));
    await ours.store.refresh();
    expect(ours.store.index.get(KEY)).toBeDefined();
  });

  it('processes that start from a snapshot agree with those that have read the whole log', async () => {
    const { dir, ours, theirs } = await openTwo();
    const { entry } = await write(ours, 'v1');
    await theirs.store.append({ op: 'put', entry: entryOf(2) });
    await theirs.store.compact(); // begins the next log
    const log = join(dir, 'journal', '0000000002.log');
    await theirs.store.append({ op: 'delete', keys: [KEY], reason: 'invalidated' });
    const { size } = await stat(log);
    // A snapshot that reaches into the log, past the invalidation.
    const snapshot = join(dir, 'journal', '0000000002.snap');
    const text = await readFile(snapshot, 'utf8');
    await writeFile(snapshot, text.replace(/"offset":\d+/, `"offset":${size}`));
    await appendFile(log, encodeRecord({ op: 'put', entry, id: 'stopped-1', read: 0 }));
    await theirs.store.refresh();
    const later = await openProcess(dir);
    expect(theirs.store.index.get(KEY)).toBeUndefined();
    expect(later.store.index.get(KEY)).toBeUndefined();
    expect(later.store.index.size).toBe(1);
  });
});
