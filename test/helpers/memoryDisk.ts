import { statfsSync } from 'node:fs';

const SHARED_MEMORY = '/dev/shm';
/** Containers often have only 64 MB, which is not enough. */
const MIN_FREE_BYTES = 2 ** 30;

/**
 * Returns the path of a file system in memory, where syncing a file takes no time; `undefined` if this machine has none, or only a small
 * one. On a disk each sync takes milliseconds, and the unit tests sync some 10,000 files.
 */
export function memoryDisk(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    return bavail * bsize >= MIN_FREE_BYTES ? SHARED_MEMORY : undefined;
  } catch {
    return undefined; // no Linux
  }
}
