import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import type { ManifestChange } from '../../plugin/cache/manifest/manifestChange.ts';
import { CRASH_POINT_NAMES, armCrashPoint } from './crashPoints.ts';
import { entryOf } from './entries.ts';

/**
 * One of the processes of `torture.ts`: changes the manifest in a directory until it is killed. Before a change
 * it prints `begin <number> <lane> <key> <etag>` (`-` for no entry, `*` for every key of the lane), and after it was
 * acknowledged `ack <number> <ms>`. Writes to a pipe are synchronous, so what was printed has left the process.
 * With the name of a crash point it dies there by itself, when it reaches it for the n-th time.
 */
const [dir = '', name = '', point, times] = process.argv.slice(2);
const crashPoint = CRASH_POINT_NAMES.find((each) => each === point);
const LANES = 4;
const KEYS = 12;

const say = (line: string) => writeSync(1, `${line}\n`);

async function openStore(): Promise<JournalManifest> {
  const opened = new JournalManifest({
    dir,
    prefix: '.image-cache/',
    fsync: false,
    now: Date.now,
    observer: { applied: () => undefined, reset: () => undefined, warn: (message) => say(`warn ${message}`) },
  });
  await opened.open();
  return opened;
}

const store = await openStore();
if (crashPoint !== undefined) armCrashPoint(crashPoint, Number(times));
flushCompileCache();
say('ready');

let number = 0;

async function change(lane: string, key: string, etag: string, record: ManifestChange): Promise<void> {
  number += 1;
  const mine = number;
  say(`begin ${mine} ${lane} ${key} ${etag}`);
  const started = performance.now();
  await store.append(record);
  const ms = performance.now() - started;
  const seen = store.index.get(key)?.etag ?? '-';
  if (key !== '*' && seen !== etag) say(`bad ${key} is ${seen}, not ${etag}, right after it was acknowledged`);
  say(`ack ${mine} ${ms.toFixed(0)}`);
}

async function runLane(lane: string): Promise<never> {
  for (;;) {
    const dice = Math.random();
    const entry = entryOf(Math.floor(Math.random() * KEYS), { actor_id: lane, actor_ids: [lane] });
    const key = `https://photos.s3.amazonaws.com/${lane}/${entry.filename}`;
    const etag = `"${process.pid}-${number}"`;
    if (dice < 0.7) await change(lane, key, etag, { op: 'put', entry: { ...entry, s3_url: key, etag } });
    else if (dice < 0.9) await change(lane, key, '-', { op: 'delete', keys: [key], reason: 'invalidated' });
    else if (dice < 0.93) await change(lane, '*', '-', { op: 'clear', actor: lane });
    else if (dice < 0.96) await store.refresh();
    else if (dice < 0.98) await store.compact();
    else await (await openStore()).close(); // compacts, whichever process holds the lock
  }
}

await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(`${name}-${lane}`)));
