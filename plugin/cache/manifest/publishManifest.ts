import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { generationPath, listGenerations } from './generations.ts';
import { MANIFEST_FILE, TMP_DIR } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';
import { makeFolder, moveFile, pathInside, removeFile } from '../files/ownFolders.ts';
import { retryWhenRemoved } from '../files/retryWhenRemoved.ts';
import { temporaryPath } from '../files/temporary.ts';
import { syncHandle } from '../files/syncHandle.ts';

/** This many bytes include `last_updated` and the position in the journal, which differ between any two snapshots. */
const HEAD_BYTES = 256;

/** Another process may replace the snapshot while it is copied, but not every time. */
const MAX_PARTIAL_COPIES = 10;

/**
 * Makes `manifest.json` a copy of the newest snapshot, or an empty manifest if there is none. It is a copy and not a hard
 * link, so that editing or emptying the file cannot harm the journal. If two processes do this at once, the newest snapshot
 * wins, because each looks again afterwards.
 */
export async function publishManifest(dir: string): Promise<void> {
  for (let partial = 0; ;) {
    const outcome = await retryWhenRemoved(() => copySnapshot(dir)); // tries again if the snapshot was superseded meanwhile
    if (outcome === 'up to date') return;
    if (outcome === 'partial') partial += 1;
    if (partial === MAX_PARTIAL_COPIES) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
  }
}

async function copySnapshot(dir: string): Promise<'up to date' | 'copied' | 'partial'> {
  const manifest = join(dir, MANIFEST_FILE);
  const snapshot = await newestSnapshot(dir);
  if (snapshot === undefined || (await isCopy(manifest, snapshot))) return 'up to date';
  const tmp = temporaryPath(dir);
  try {
    await makeFolder(dir, TMP_DIR);
    await copyFile(snapshot, tmp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (!(await isCopy(tmp, snapshot))) return 'partial';
    await syncFile(tmp);
    await moveFile(dir, tmp, manifest);
    return 'copied';
  } finally {
    await removeFile(dir, pathInside(dir, tmp));
  }
}

async function newestSnapshot(dir: string): Promise<string | undefined> {
  const [generation] = (await listGenerations(dir)).snapshots;
  return generation === undefined ? undefined : generationPath(dir, generation, 'snap');
}

/** Equal length and equal head: enough to tell a copy from an older, cut or edited manifest of any size. */
async function isCopy(copy: string, original: string): Promise<boolean> {
  const [a, b] = await Promise.all([summary(copy), summary(original)]);
  return a !== undefined && a === b;
}

async function summary(path: string): Promise<string | undefined> {
  const file = await open(path, READ).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return `${size} ${buffer.toString('latin1', 0, bytesRead)}`;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await syncHandle(file);
  } finally {
    await file.close();
  }
}
