import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { READ } from './cautiousOpen.ts';
import { errnoOf } from './fileError.ts';
import { temporaryName } from './temporary.ts';

/** Error codes on Windows while a virus scanner or another process has one of the two files open (T66). */
const PASSING = new Set(['EPERM', 'EACCES', 'EBUSY']);
const BACKOFF_MS = [10, 40, 160];

/**
 * Renames a file, replacing the file that has the new name. A rename between two volumes is impossible; then the file is first
 * copied to the other volume and synced there, so that it still appears whole or not at all.
 */
export async function replaceFile(from: string, to: string): Promise<void> {
  try {
    await renamePatiently(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    await renameCopy(from, to);
  }
}

async function renamePatiently(from: string, to: string): Promise<void> {
  for (const wait of BACKOFF_MS) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!PASSING.has(errnoOf(error) ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return rename(from, to);
}

async function renameCopy(from: string, to: string): Promise<void> {
  const part = join(dirname(to), temporaryName());
  try {
    await copy(from, part);
    await renamePatiently(part, to);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
  await rm(from, { force: true });
}

/** Copies without following links, and only regular files. */
async function copy(from: string, to: string): Promise<void> {
  const source = await open(from, READ);
  try {
    const { size } = await source.stat();
    const target = await open(to, 'wx', 0o600);
    try {
      await target.writeFile(source.createReadStream({ autoClose: false, start: 0 }));
      await target.sync();
      if ((await target.stat()).size !== size) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
