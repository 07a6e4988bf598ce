import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { readersSummary, torturedReaders } from '../helpers/readerTorture.ts';
import { summaryOf, torture } from '../helpers/torture.ts';

/**
 * `npm run torture -- --seconds 60`: kills processes that share a cache directory, and looks whether anything is lost; and then for as
 * long whole caches, whether they are stale or wrong. `--readers` does only that.
 */
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, readers: { type: 'boolean', default: false } },
});
const durationMs = Number(values.seconds) * 1000;

if (!values.readers) await tortureManifest();
await tortureReaders();

async function tortureManifest(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'image-cache-torture-'));
  const result = await torture(dir, durationMs);
  const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
  const store = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: Date.now, observer });
  await store.open();
  const lost = result.ledger.wrong((key) => store.index.get(key)?.etag ?? '-');
  await store.close();

  for (const text of [...result.complaints, ...lost]) console.error(text);
  console.log(`crash points: ${[...result.crashedAt].toSorted().join(', ')}`);
  console.log(summaryOf(result, lost));
  await rm(dir, { recursive: true });
  if (lost.length + result.complaints.length > 0) process.exitCode = 1;
}

async function tortureReaders(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'image-cache-torture-'));
  const result = await torturedReaders(join(dir, '.image-cache'), durationMs);
  const { lost, stale, wrong } = result.ledger;
  const faults = [...result.complaints, ...lost, ...stale, ...wrong];
  for (const text of faults) console.error(text);
  console.log(readersSummary(result));
  await rm(dir, { recursive: true });
  if (faults.length > 0) process.exitCode = 1;
}
