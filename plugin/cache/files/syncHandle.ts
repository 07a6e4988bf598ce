import { fdatasync, fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const byDescriptor = { sync: promisify(fsync), datasync: promisify(fdatasync) };

/** Resolves when what was written, and the file's size and times, survive a power cut. */
export function syncHandle(file: FileHandle): Promise<void> {
  return callSync(file, 'sync');
}

/** Resolves when what was written survives a power cut. */
export function syncHandleData(file: FileHandle): Promise<void> {
  return callSync(file, 'datasync');
}

/**
 * Under Yarn's Plug'n'Play a file handle is Yarn's own, whose `sync` and `datasync` only throw "Method not implemented."; its
 * descriptor is a real one. An error of the file system has a code.
 */
async function callSync(file: FileHandle, method: 'sync' | 'datasync'): Promise<void> {
  try {
    await file[method]();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error;
    await byDescriptor[method](file.fd);
  }
}
