import { open } from 'node:fs/promises';

/** Makes names that were given in a directory survive a power cut, as `fsync` of a file does not. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there, and need not be
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
