import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MANIFEST_VERSION, type ManifestEntry } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { RemovalTimes } from './manifestIndex.ts';
import type { ManifestTotals } from './manifestTotals.ts';
import { moveFile, pathInside, removeFile } from '../files/ownFolders.ts';
import { formatLine } from './snapshotLine.ts';
import { syncDirectory } from '../files/syncDirectory.ts';
import { temporaryPath } from '../files/temporary.ts';
import { syncHandle } from '../files/syncHandle.ts';

/** How far into the journal a snapshot reaches: it includes every record before this position. */
export interface JournalPosition {
  generation: number;
  offset: number;
}

/** The content of a snapshot besides its entries. */
export interface SnapshotState {
  position: JournalPosition;
  pinnedActors: readonly string[];
  removals: RemovalTimes;
  totals: ManifestTotals;
}

/** Entries in one write: enough to be fast, and few enough that the string is collected soon (128 kB). */
const CHUNK_ENTRIES = 100;

export interface SerializeOptions {
  lastUpdated: number;
  /** Absent for a plain list of the entries, which is not a snapshot. */
  state?: SnapshotState;
  /** Returns false for entries to leave out. */
  filter?: ((entry: ManifestEntry) => Promise<boolean>) | undefined;
}

/**
 * Yields the manifest as text in the documented form, one entry a line, so that neither writing nor reading it needs the
 * whole text in one string. It lets other work run in between, even if the consumer of the chunks never waits (T64).
 */
export async function* serializeManifest(
  entries: Iterable<ManifestEntry>,
  { lastUpdated, state, filter }: SerializeOptions,
): AsyncGenerator<string, void, void> {
  const head = state === undefined ? '' : serializeState(state);
  yield `{"version":"${MANIFEST_VERSION}","last_updated":${lastUpdated},${head}"entries":{`;
  let separator = '\n';
  let lines: string[] = [];
  const timeSlice = new TimeSlice();
  for (const entry of entries) {
    if (timeSlice.isOver) await timeSlice.yield();
    if (filter !== undefined && !(await filter(entry))) continue;
    lines.push(formatLine(entry));
    if (lines.length < CHUNK_ENTRIES) continue;
    yield separator + lines.join(',\n');
    separator = ',\n';
    lines = [];
  }
  yield `${lines.length === 0 ? '' : separator}${lines.join(',\n')}\n}}\n`;
}

function serializeState({ position, pinnedActors, removals, totals }: SnapshotState): string {
  const pinned = pinnedActors.length === 0 ? '' : `"pinned_actors":${JSON.stringify(pinnedActors)},`;
  // The totals come first, because `readTotals` reads only the beginning.
  const total = `"total_entries":${totals.images},"total_size_bytes":${totals.bytes},`;
  const { removedAt, invalidatedAt } = removals;
  const removed = removedAt === 0 ? '' : `"removed_at":${removedAt},"invalidated_at":${invalidatedAt},`;
  return `${total}"journal":${JSON.stringify(position)},${removed}${pinned}`;
}

/**
 * Writes a snapshot under a temporary name, so that it appears whole or not at all. It must survive a power cut whatever the
 * durability setting is: the logs that it replaces are removed next, and most of them have long been on disk (T68).
 * @param dir the cache directory
 */
export async function writeSnapshot(dir: string, path: string, content: AsyncIterable<string>): Promise<void> {
  const tmpPath = temporaryPath(dir);
  const file = await open(tmpPath, 'wx', 0o600);
  try {
    let written = 0;
    for await (const chunk of content) {
      const bytes = Buffer.from(chunk);
      await file.writeFile(bytes);
      written += bytes.length;
    }
    await syncHandle(file);
    const { size } = await file.stat();
    if (size !== written) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
  } catch (error) {
    await file.close();
    await removeFile(dir, pathInside(dir, tmpPath));
    throw error;
  }
  await file.close();
  await moveFile(dir, tmpPath, path);
  await syncDirectory(dirname(path));
}
