import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { entryOf } from '../../helpers/entries.ts';

/** Files of the directory that this process has open; Linux tells. */
async function openFiles(dir: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(dir));
}

// /proc is Linux's; elsewhere nothing tells which files a process has open.
it.skipIf(process.platform !== 'linux')('leaves no file open when it is closed while it compacts', async () => {
  const dir = await temporaryDirectory();
  for (let n = 0; n < 12; n += 1) {
    const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
    const store = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: () => 0, observer });
    await store.open();
    await store.append({ op: 'put', entry: entryOf(n) });
    const compacting = store.compact();
    await sleep(n / 4); // meets the compaction at another point each time
    await store.close();
    await compacting;
    await store.compact();
  }
  expect(await openFiles(dir)).toEqual([]);
});
