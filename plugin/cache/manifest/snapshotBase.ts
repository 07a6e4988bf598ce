import { join } from 'node:path';
import { errnoOf } from '../files/fileError.ts';
import { generationPath } from './generations.ts';
import { MANIFEST_FILE } from '../files/layout.ts';
import { ManifestIndex } from './manifestIndex.ts';
import { type ReadSnapshot, readSnapshot } from './snapshotReader.ts';

/** Where the reading of the journal begins. */
export interface SnapshotBase {
  index: ManifestIndex;
  /** The snapshot's, and that of the log to go on with; `undefined` where there is no snapshot. */
  generation: number | undefined;
  /** Up to here the log is in the snapshot. */
  offset: number;
}

/** Says nothing about the file, only about this moment: a good snapshot must not be put aside for it (T58). */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY']);

export interface SnapshotBaseOptions {
  /** The cache directory. */
  dir: string;
  /** What `local_path` begins with. */
  prefix: string;
  /** The generations of which there is a snapshot, newest first. */
  snapshots: readonly number[];
  /** Told of what cannot be read. */
  putAside: (path: string, reason: unknown) => Promise<void>;
}

/**
 * The newest snapshot that can be read, else `manifest.json`, else nothing. What cannot be read is put aside; whole
 * lines of a manifest that was cut still count.
 */
export async function readBase({ dir, prefix, snapshots, putAside }: SnapshotBaseOptions): Promise<SnapshotBase> {
  for (const generation of snapshots) {
    const index = new ManifestIndex(prefix);
    const snapshot = await tryRead(generationPath(dir, generation, 'snap'), index, putAside);
    if (snapshot?.complete === true) return { index, generation, offset: snapshot.position?.offset ?? 0 };
  }
  const index = new ManifestIndex(prefix);
  await tryRead(join(dir, MANIFEST_FILE), index, putAside);
  return { index, generation: undefined, offset: 0 };
}

async function tryRead(
  path: string,
  index: ManifestIndex,
  putAside: SnapshotBaseOptions['putAside'],
): Promise<ReadSnapshot | undefined> {
  try {
    const snapshot = await readSnapshot(path, index);
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
