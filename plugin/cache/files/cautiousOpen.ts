import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Whoever plants something in the cache directory gets no further: a symlink is refused, and a FIFO does not block (T15). */
const CAUTIOUS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0); // Windows has neither

export const READ = constants.O_RDONLY | CAUTIOUS;
/** Every write goes to the end, whoever else writes. */
export const APPEND = constants.O_RDWR | constants.O_APPEND | CAUTIOUS;
/** The same for a file that must not exist yet. */
export const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL;

/** Longer than what we write. */
const MAX_BYTES = 256;

/** How a small file begins; nothing for what is no file, or cannot be read. */
export async function readStart(path: string): Promise<string> {
  const file = await open(path, READ).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await file.close();
  }
}
