import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../files/fileError.ts';
import { generationPath, listGenerations } from './generations.ts';
import { MANIFEST_FILE, TMP_DIR } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';
import { makeFolder, moveFile, pathInside, removeFile } from '../files/ownFolders.ts';
import { temporaryPath } from '../files/temporary.ts';
import { syncHandle } from '../files/syncHandle.ts';

/** Holds `last_updated` and the position in the journal, which no two snapshots share. */
const HEAD_BYTES = 256;

/** Another process may replace the snapshot while it is copied. */
const MAX_ATTEMPTS = 10;

/**
 * Makes `manifest.json` a copy of the newest snapshot; of nothing, if there is none. A copy and not a second link to
 * the same file: whoever edits or empties it in place must not harm the journal. Two processes at once end with the
 * newest, since each looks again.
 */
export async function publishManifest(dir: string): Promise<void> {
  const manifest = join(dir, MANIFEST_FILE);
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await newestSnapshot(dir);
    if (snapshot === undefined || (await isCopy(manifest, snapshot))) return;
    const tmp = temporaryPath(dir);
    try {
      await makeFolder(dir, TMP_DIR);
      await copyFile(snapshot, tmp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      if (await isCopy(tmp, snapshot)) {
        await syncFile(tmp);
        await moveFile(dir, tmp, manifest);
      } else if (attempt === MAX_ATTEMPTS) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error; // else superseded while it was copied
    } finally {
      await removeFile(dir, pathInside(dir, tmp));
    }
  }
}

async function newestSnapshot(dir: string): Promise<string | undefined> {
  const [generation] = (await listGenerations(dir)).snapshots;
  return generation === undefined ? undefined : generationPath(dir, generation, 'snap');
}

/** As long, and with the same head: enough to tell a copy from an older, cut or edited manifest in any size. */
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
