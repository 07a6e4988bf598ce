import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type lockfile from 'proper-lockfile';
import { expect, it, onTestFinished, vi } from 'vitest';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { start } from '../helpers/child.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { entryOf } from '../helpers/entries.ts';

const CHILD = fileURLToPath(new URL('../helpers/pausedChild.ts', import.meta.url));
/** As long as the case has it: three times what makes a lock count as that of a dead process. */
const STOPPED_MS = 15_000;
const PUT_EVERY_MS = 100;

const lock = vi.hoisted((): { code: string | undefined } => ({ code: undefined }));

vi.mock('proper-lockfile', async (importActual) => {
  const { default: real } = await importActual<{ default: typeof lockfile }>();
  const refused = () => Promise.reject(Object.assign(new Error('injected'), { code: lock.code }));
  const guarded: typeof lockfile.lock = (...args) => (lock.code === undefined ? real.lock(...args) : refused());
  return { default: { ...real, lock: guarded } };
});

async function openStore(dir: string): Promise<{ store: JournalManifest; warnings: string[] }> {
  const warnings: string[] = [];
  const observer = { applied: () => undefined, reset: () => undefined, warn: (text: string) => warnings.push(text) };
  const store = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: Date.now, observer });
  onTestFinished(() => store.close());
  await store.open();
  return { store, warnings };
}

interface Outcome {
  lost: string[];
  theirs: string[];
  ours: string[];
  tookMs: number;
}

/** Lets a process pause while it holds the lock and others write, and returns what was lost, and what it and we complained of. */
async function pause(how: string): Promise<Outcome> {
  const dir = await temporaryDirectory();
  const { store, warnings } = await openStore(dir);
  const child = await start(process.execPath, [CHILD, dir, 'child', how], 'PAUSED');
  const paused = performance.now();
  const ended = once(child.process, 'exit');
  const wake = setTimeout(() => child.process.kill('SIGCONT'), STOPPED_MS);
  onTestFinished(() => clearTimeout(wake));

  const put: string[] = [];
  for (let n = 0; child.process.exitCode === null && child.process.signalCode === null; n += 1) {
    const entry = entryOf(n);
    await store.append({ op: 'put', entry });
    put.push(entry.s3_url);
    await sleep(PUT_EVERY_MS); // others write for as long as it takes, whatever the machine does
  }
  expect(await ended, `${how}: ${child.output()}`).toEqual([0, null]);
  const tookMs = performance.now() - paused;
  await store.close();

  for (let n = 0; n < 20; n += 1) put.push(`https://photos.s3.amazonaws.com/child/${n}.jpg`);
  const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { entries: object };
  const { store: next } = await openStore(dir);
  const lost = put.filter((key) => next.index.get(key) === undefined || !(key in manifest.entries));
  return { lost, theirs: JSON.parse(child.output().split('ENDED ').at(-1) ?? ''), ours: warnings, tookMs };
}

it(
  'T50: a process that is stopped, blocked, or robbed of its lock in mid-compaction survives, and nothing is lost',
  { timeout: 90_000 },
  async () => {
    const [stopped, blocked, robbed] = await Promise.all(['stopped', 'blocked', 'without a lock'].map(pause));
    for (const each of [stopped, blocked, robbed]) {
      expect(each?.lost).toEqual([]);
      expect(each?.ours).toEqual([]);
      expect(each?.theirs.length).toBeLessThanOrEqual(1);
    }
    expect(stopped?.tookMs).toBeGreaterThan(STOPPED_MS - 1000);
    expect(robbed?.theirs[0]).toContain('compaction lock was lost');
  },
);

it('T50: where no lock can be made, manifest.json is written without one, and that is said once', async () => {
  lock.code = 'EACCES';
  onTestFinished(() => {
    lock.code = undefined;
  });
  const dir = await temporaryDirectory();
  const { store, warnings } = await openStore(dir);
  for (let n = 0; n < 3; n += 1) {
    await store.append({ op: 'put', entry: entryOf(n) });
    await store.compact();
    const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { entries: object };
    expect(Object.keys(manifest.entries)).toHaveLength(n + 1);
  }
  expect(warnings).toEqual(['There is no compaction lock (EACCES); this does no harm.']);
});
