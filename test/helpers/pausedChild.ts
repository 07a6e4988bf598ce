import fs from 'node:fs/promises';
import { flushCompileCache, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { entryOf } from './entries.ts';

/**
 * A process that is paused in the middle of a compaction, while it holds the lock: `node pausedChild.ts <directory> <name> <pause>`.
 * It puts entries under its name before and after that. It prints `PAUSED` before the pause, and `ENDED` with its warnings as JSON at the
 * end.
 */
const [dir = '', name = '', pause = ''] = process.argv.slice(2);
/** Longer than the 5 s after which a lock counts as that of a dead process. */
const BLOCKED_MS = 6000;
/** The lock is renewed every second. By this time, its loss was noticed. */
const NOTICED_MS = 2500;

const PAUSES: Record<string, () => unknown> = {
  stopped: () => process.kill(process.pid, 'SIGSTOP'),
  blocked: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS),
  'without a lock': async () => {
    await fs.rm(join(dir, 'journal', 'compact.lock'), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, NOTICED_MS));
  },
};

const warnings: string[] = [];
const store = new JournalManifest({
  dir,
  prefix: '.image-cache/',
  fsync: false,
  now: Date.now,
  observer: { applied: () => undefined, reset: () => undefined, warn: (message) => warnings.push(message) },
});

async function put(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 1) {
    const s3_url = `https://photos.s3.amazonaws.com/${name}/${n}.jpg`;
    await store.append({ op: 'put', entry: entryOf(n, { s3_url, actor_id: name }) });
  }
}

flushCompileCache();
await store.open();
await put(0, 10);
const { rename } = fs;
fs.rename = async (from, to) => {
  if (String(to).endsWith('.snap')) {
    fs.rename = rename;
    syncBuiltinESMExports();
    console.log('PAUSED');
    await PAUSES[pause]?.();
  }
  await rename(from, to);
};
syncBuiltinESMExports();
await store.compact();
await put(10, 20);
await store.close();
console.log(`ENDED ${JSON.stringify(warnings)}`);
