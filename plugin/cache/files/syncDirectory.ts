import { open } from 'node:fs/promises';
import { syncHandle } from './syncHandle.ts';
import { errnoOf } from './fileError.ts';

/** A directory that may be written to and not read, and file systems that know no such thing (network, FUSE). */
const IMPOSSIBLE = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP']);

/** Makes names that were given, or taken, in a directory survive a power cut, as `fsync` of a file does not. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there, and need not be
  try {
    const handle = await open(dir, 'r');
    try {
      await syncHandle(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!IMPOSSIBLE.has(errnoOf(error) ?? '')) throw error; // SQLite goes on there, too
  }
}
