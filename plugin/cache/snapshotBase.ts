import { join } from 'node:path';
import type { ManifestEntry } from '../protocol.ts';
import { errnoOf } from './fileError.ts';
import { generationPath } from './generations.ts';
import { JOURNAL_DIR, MANIFEST_FILE } from './layout.ts';
import { type Snapshot, readSnapshot } from './snapshot.ts';

/** Where the reading of the journal begins. */
export interface SnapshotBase {
  entries: readonly ManifestEntry[];
  /** The snapshot's, and that of the log to go on with; `undefined` where there is no snapshot. */
  generation: number | undefined;
  /** Up to here the log is in the snapshot. */
  offset: number;
}

/** Says nothing about the file, only about this moment: a good snapshot must not be put aside for it (T58). */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY']);

/**
 * The newest snapshot that can be read, else `manifest.json`, else nothing. What cannot be read is put aside; whole
 * lines of a manifest that was cut still count.
 * @param snapshots the generations of which there is one, newest first
 */
export async function readBase(
  dir: string,
  snapshots: readonly number[],
  putAside: (path: string, reason: unknown) => Promise<void>,
): Promise<SnapshotBase> {
  for (const generation of snapshots) {
    const snapshot = await tryRead(generationPath(join(dir, JOURNAL_DIR), generation, 'snap'), putAside);
    if (snapshot?.complete === true) {
      return { entries: snapshot.entries, generation, offset: snapshot.position?.offset ?? 0 };
    }
  }
  const manifest = await tryRead(join(dir, MANIFEST_FILE), putAside);
  return { entries: manifest?.entries ?? [], generation: undefined, offset: 0 };
}

async function tryRead(
  path: string,
  putAside: (path: string, reason: unknown) => Promise<void>,
): Promise<Snapshot | undefined> {
  try {
    const snapshot = await readSnapshot(path);
    if (!snapshot.complete) await putAside(path, new Error('it is cut short'));
    return snapshot;
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'ENOENT') return undefined;
    if (PASSING.has(code)) throw error;
    await putAside(path, error);
    return undefined;
  }
}
