import { join } from 'node:path';
import { GENERATION_NAME, JOURNAL_DIR } from '../files/layout.ts';
import { listFolder, removeFile } from '../files/ownFolders.ts';

/**
 * The files of the journal. Time is cut into generations: `<n>.log` holds the records of one, `<n>.snap` the manifest
 * near its beginning. **The existence of the next log seals a log**: whoever wrote to a log and then finds a successor
 * writes again, to that. So whatever was acknowledged in a log was there before its successor was, and a snapshot
 * that was read after the successor was made holds all of it.
 *
 * Superseded logs are removed oldest first, so a log that still exists has never lost a successor.
 */
export interface Generations {
  /** Descending. */
  snapshots: number[];
  /** Ascending. */
  logs: number[];
}

/** @param dir the cache directory */
export function generationPath(dir: string, generation: number, kind: 'log' | 'snap'): string {
  return join(dir, JOURNAL_DIR, nameOf(generation, kind));
}

/** What is there; nothing if the journal is not. @param dir the cache directory */
export async function listGenerations(dir: string): Promise<Generations> {
  const snapshots: number[] = [];
  const logs: number[] = [];
  for (const name of await listFolder(dir, JOURNAL_DIR)) {
    const [, digits, kind] = GENERATION_NAME.exec(name) ?? [];
    if (kind === 'snap') snapshots.push(Number(digits));
    if (kind === 'log') logs.push(Number(digits));
  }
  return { snapshots: snapshots.toSorted((a, b) => b - a), logs: logs.toSorted((a, b) => a - b) };
}

/** Removes what the snapshot of this generation makes superfluous, oldest log first. */
export async function removeSuperseded(dir: string, generation: number): Promise<void> {
  const { snapshots, logs } = await listGenerations(dir);
  for (const log of logs.filter((number) => number < generation)) {
    await removeFile(dir, `${JOURNAL_DIR}/${nameOf(log, 'log')}`);
  }
  for (const snapshot of snapshots.filter((number) => number < generation)) {
    await removeFile(dir, `${JOURNAL_DIR}/${nameOf(snapshot, 'snap')}`);
  }
}

function nameOf(generation: number, kind: 'log' | 'snap'): string {
  return `${String(generation).padStart(10, '0')}.${kind}`;
}
