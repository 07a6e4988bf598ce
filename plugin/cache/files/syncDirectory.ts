import { open } from 'node:fs/promises';
import { syncHandle } from './syncHandle.ts';
import { errnoOf } from './fileError.ts';

/** Errors for a directory that is writable but not readable, and on file systems that cannot sync directories (network, FUSE). */
const IMPOSSIBLE = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP']);

/** Makes created and removed names in a directory survive a power cut; `fsync` of a file does not do that. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open directories, and need not
  try {
    const handle = await open(dir, 'r');
    try {
      await syncHandle(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!IMPOSSIBLE.has(errnoOf(error) ?? '')) throw error; // SQLite ignores these errors, too
  }
}
