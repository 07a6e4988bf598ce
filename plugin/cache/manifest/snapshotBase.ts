import { join } from 'node:path';
import { errnoOf } from '../files/fileError.ts';
import { generationPath } from './generations.ts';
import { MANIFEST_FILE } from '../files/layout.ts';
import { ManifestIndex } from './manifestIndex.ts';
import { OtherVersionError, type ReadSnapshot, readSnapshot } from './snapshotReader.ts';

/** The point where reading the journal begins. */
export interface SnapshotBase {
  index: ManifestIndex;
  /** Generation of the snapshot, and of the log to continue with; `undefined` if there is no snapshot. */
  generation: number | undefined;
  /** The snapshot includes the log up to this byte. */
  offset: number;
}

/** Errors that are about this moment and not about the file: a good snapshot must not be put aside for them (T58). */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY']);

export interface SnapshotBaseOptions {
  /** The cache directory. */
  dir: string;
  /** Prefix of every `local_path`. */
  prefix: string;
  /** Generations that have a snapshot, newest first. */
  snapshots: readonly number[];
  /** Called with a message for each file that cannot be read. */
  putAside: (path: string, reason: unknown) => Promise<void>;
}

/**
 * Returns the newest snapshot that can be read, otherwise `manifest.json`, otherwise an empty state. A file that cannot be
 * read is put aside. Of a manifest that was cut, the complete lines still count.
 */
export async function readBase({ dir, prefix, snapshots, putAside }: SnapshotBaseOptions): Promise<SnapshotBase> {
  let partial = new ManifestIndex(prefix);
  const pinned = new Set<string>();
  const report = async (path: string, reason: unknown) => {
    if (reason instanceof OtherVersionError) for (const actor of reason.pinnedActors) pinned.add(actor);
    await putAside(path, reason);
  };
  for (const generation of snapshots) {
    const index = new ManifestIndex(prefix);
    const snapshot = await tryRead(generationPath(dir, generation, 'snap'), index, report);
    if (snapshot !== undefined && index.size > partial.size) partial = index;
    if (snapshot?.complete === true) return { index, generation, offset: snapshot.position?.offset ?? 0 };
  }
  const manifest = new ManifestIndex(prefix);
  await tryRead(join(dir, MANIFEST_FILE), manifest, report);
  const index = manifest.size < partial.size ? partial : manifest;
  for (const actor of pinned) index.apply({ op: 'pin', target: { actor }, pinned: true });
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
