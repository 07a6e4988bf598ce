import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { torture } from '../helpers/torture.ts';

/** `npm run torture -- --seconds 60`: kills processes that share a cache directory, and looks whether anything is lost. */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });

const dir = await mkdtemp(join(tmpdir(), 'image-cache-torture-'));
const { ledger, complaints, crashedAt, kills, longestMs } = await torture(dir, Number(values.seconds) * 1000);
const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
const store = new JournalManifest({ dir, prefix: '.image-cache/', sync: false, now: Date.now, observer });
await store.open();
const lost = ledger.wrong((key) => store.index.get(key)?.etag ?? '-');
await store.close();

for (const text of [...complaints, ...lost]) console.error(text);
console.log(`crash points: ${[...crashedAt].toSorted().join(', ')}`);
console.log(
  `acknowledged ${ledger.acknowledged}, lost ${lost.length}, kills ${kills}, longest stall ${longestMs.toFixed(0)} ms`,
);
await rm(dir, { recursive: true });
process.exitCode = lost.length + complaints.length > 0 ? 1 : 0;
