import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { entryOf } from '../../helpers/entries.ts';
import { fault } from '../../helpers/faultyFs.ts';

vi.mock('node:fs/promises', async (importActual) => {
  const { faultyFs } = await import('../../helpers/faultyFs.ts');
  return faultyFs(await importActual());
});

afterEach(fault.clear);

async function openStore(dir: string): Promise<JournalManifest> {
  const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
  const store = new JournalManifest({ dir, prefix: '.image-cache/', fsync: true, now: () => 0, observer });
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

/** A disk that begins to sync the journal and comes to no end until it is told to. */
function holdSync() {
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  let end = (_code?: string) => {};
  const ended = new Promise<string | undefined>((resolve) => (end = resolve));
  fault.of = (name) => {
    if (name !== 'handle.datasync') return undefined;
    begin();
    return ended;
  };
  return { begun, end };
}

/** An append, and whether it has come to an end. */
function append(store: JournalManifest, n: number) {
  const outcome = { isAcknowledged: false, done: Promise.resolve<unknown>(undefined) };
  outcome.done = store.append({ op: 'put', entry: entryOf(n) }).then(() => (outcome.isAcknowledged = true));
  return outcome;
}

const logOf = (dir: string, generation: number) => join(dir, 'journal', `000000000${generation}.log`);

describe('JournalManifest, while the disk syncs the journal', () => {
  it('answers lookups, and acknowledges nothing', async () => {
    const dir = await temporaryDirectory();
    const store = await openStore(dir);
    const other = await openStore(dir);
    await other.append({ op: 'put', entry: entryOf(1) });
    const sync = holdSync();
    const first = append(store, 2);
    await sync.begun;
    const second = append(store, 3);
    await store.refresh();
    expect(store.index.get(entryOf(1).s3_url)).toEqual(entryOf(1));
    await store.refresh();
    expect([first.isAcknowledged, second.isAcknowledged]).toEqual([false, false]);
    expect(await readFile(logOf(dir, 1), 'utf8'), 'one write is synced at a time').not.toContain(entryOf(3).s3_url);
    sync.end();
    await Promise.all([first.done, second.done]);
    expect(store.index.size).toBe(3);
  });

  it('writes again what another process sealed meanwhile, before it is acknowledged', async () => {
    const dir = await temporaryDirectory();
    const store = await openStore(dir);
    const sync = holdSync();
    const put = append(store, 1);
    await sync.begun;
    await writeFile(logOf(dir, 2), '');
    sync.end();
    await put.done;
    expect(await readFile(logOf(dir, 2), 'utf8')).toContain(entryOf(1).s3_url);
  });

  it('does not compact, nor close the journal', async () => {
    const dir = await temporaryDirectory();
    const store = await openStore(dir);
    const sync = holdSync();
    const put = append(store, 1);
    await sync.begun;
    const ended: string[] = [];
    const closed = Promise.all([
      put.done.then(() => ended.push('put')),
      store.compact().then(() => ended.push('compacted')),
      store.close().then(() => ended.push('closed')),
    ]);
    for (let n = 0; n < 20; n += 1) await readdir(join(dir, 'journal')); // time in which a log could be begun
    expect(await readdir(join(dir, 'journal'))).not.toContain('0000000002.log');
    sync.end();
    await closed;
    expect(ended[0]).toBe('put');
    const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'));
    expect(Object.keys(manifest.entries)).toEqual([entryOf(1).s3_url]);
    expect(await readFile(logOf(dir, 2), 'utf8'), 'it was written once').toBe('');
  });

  it('reports a failed sync to the callers that appended', async () => {
    const store = await openStore(await temporaryDirectory());
    const sync = holdSync();
    const put = append(store, 1);
    await sync.begun;
    sync.end('ENOSPC');
    await expect(put.done).rejects.toMatchObject({ code: 'CACHE_DISK_FULL' });
    fault.clear();
    await store.append({ op: 'put', entry: entryOf(2) });
    expect(store.index.get(entryOf(2).s3_url)).toEqual(entryOf(2));
  });
});
