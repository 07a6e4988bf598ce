import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { summaryOf, torture } from '../helpers/torture.ts';

/** `npm run torture -- --seconds 60`: kills processes that share a cache directory, and looks whether anything is lost. */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });

const dir = await mkdtemp(join(tmpdir(), 'image-cache-torture-'));
const result = await torture(dir, Number(values.seconds) * 1000);
const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
const store = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: Date.now, observer });
await store.open();
const lost = result.ledger.wrong((key) => store.index.get(key)?.etag ?? '-');
await store.close();

for (const text of [...result.complaints, ...lost]) console.error(text);
console.log(`crash points: ${[...result.crashedAt].toSorted().join(', ')}`);
console.log(summaryOf(result, lost));
await rm(dir, { recursive: true });
process.exitCode = lost.length + result.complaints.length > 0 ? 1 : 0;
