import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../files/fileError.ts';

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

const NAME = /^(\d{10})\.(log|snap)$/;

export function generationPath(dir: string, generation: number, kind: 'log' | 'snap'): string {
  return join(dir, `${String(generation).padStart(10, '0')}.${kind}`);
}

/** What is there; nothing if the directory is not. */
export async function listGenerations(dir: string): Promise<Generations> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const snapshots: number[] = [];
  const logs: number[] = [];
  for (const name of names) {
    const [, digits, kind] = NAME.exec(name) ?? [];
    if (kind === 'snap') snapshots.push(Number(digits));
    if (kind === 'log') logs.push(Number(digits));
  }
  return { snapshots: snapshots.toSorted((a, b) => b - a), logs: logs.toSorted((a, b) => a - b) };
}

/** Removes what the snapshot of this generation makes superfluous, oldest log first. */
export async function removeSuperseded(dir: string, generation: number): Promise<void> {
  const { snapshots, logs } = await listGenerations(dir);
  for (const log of logs.filter((number) => number < generation)) {
    await rm(generationPath(dir, log, 'log'), { force: true });
  }
  for (const snapshot of snapshots.filter((number) => number < generation)) {
    await rm(generationPath(dir, snapshot, 'snap'), { force: true });
  }
}
