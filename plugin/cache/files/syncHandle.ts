import { fdatasync, fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const byDescriptor = { sync: promisify(fsync), datasync: promisify(fdatasync) };

/** Resolves when the content, the size and the times of the file survive a power cut. */
export function syncHandle(file: FileHandle): Promise<void> {
  return callSync(file, 'sync');
}

/** Resolves when the content of the file survives a power cut. */
export function syncHandleData(file: FileHandle): Promise<void> {
  return callSync(file, 'datasync');
}

/**
 * Under Yarn's Plug'n'Play a file handle is Yarn's own. Its `sync` and `datasync` only throw "Method not implemented.", but its
 * descriptor is real. Errors of the file system have a code; that error has none.
 */
async function callSync(file: FileHandle, method: 'sync' | 'datasync'): Promise<void> {
  try {
    await file[method]();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error;
    await byDescriptor[method](file.fd);
  }
}
