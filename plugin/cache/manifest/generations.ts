import { join } from 'node:path';
import { GENERATION_NAME, JOURNAL_DIR } from '../files/layout.ts';
import { listFolder, removeFile } from '../files/ownFolders.ts';

/**
 * The files of the journal. The journal is divided into generations: `<n>.log` holds the records of one generation, and
 * `<n>.snap` holds the manifest near its beginning. **A log is sealed as soon as the next log exists**: a process that wrote
 * to a log and then finds a successor writes the record again, to the successor. So every record that was acknowledged in a
 * log was there before the successor existed, and a snapshot that was taken after the successor was made holds all of them.
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

/** Lists the files of the journal; returns empty lists if there is no journal. @param dir the cache directory */
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

/** Removes the logs and snapshots that the snapshot of this generation makes superfluous, oldest log first. */
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
