import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { CRASH_POINT_NAMES } from '../helpers/crashPoints.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { slowness } from '../helpers/slowness.ts';
import { summaryOf, torture } from '../helpers/torture.ts';

/** `npm run torture -- --seconds 60` goes on for longer. */
const DURATION_MS = 12_000;

it(
  'T47, T48, T49: processes that share a directory and are killed all the time lose nothing that was acknowledged',
  async () => {
    const dir = await temporaryDirectory();
    const before = slowness();
    const result = await torture(dir, DURATION_MS);
    const { ledger, complaints, crashedAt, kills, longestMs, manifestReads } = result;

    const after = slowness();
    const started = cpuMs();
    const store = new JournalManifest({
      dir,
      prefix: '.image-cache/',
      fsync: false,
      now: Date.now,
      observer: { applied: () => undefined, reset: () => undefined, warn: () => undefined },
    });
    await store.open();
    const openedMs = cpuMs() - started;
    const lost = ledger.wrong((key) => store.index.get(key)?.etag ?? '-');
    console.log(summaryOf(result, lost));
    expect(complaints).toEqual([]);
    expect(lost).toEqual([]);
    expect([...crashedAt].toSorted()).toEqual(CRASH_POINT_NAMES.toSorted());
    expect(ledger.acknowledged).toBeGreaterThan(1000);
    expect(kills).toBeGreaterThan(10);
    expect(manifestReads).toBeGreaterThan(100);
    expect(longestMs).toBeLessThan(1000 * Math.max(before.clock, after.clock));
    expect(openedMs).toBeLessThan(1000);

    const bytes = store.index.totalBytes;
    await store.close();
    const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as {
      entries: Record<string, { size_bytes: number; sha256: string }>;
    };
    const files = new Map(Object.values(entries).map(({ sha256, size_bytes }) => [sha256, size_bytes]));
    expect([...files.values()].reduce((sum, size) => sum + size, 0)).toBe(bytes); // entries with the same bytes share a file
    const journal = (await readdir(join(dir, 'journal'))).filter((file) => !file.endsWith('.lock'));
    expect(journal).toHaveLength(2); // one snapshot and its log
    expect(await readdir(join(dir, 'quarantine')).catch(() => [])).toEqual([]);
  },
  DURATION_MS + 40_000,
);
