import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Guards against planted files: a symlink is refused, and a FIFO does not block (T15). */
const CAUTIOUS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0); // Windows has neither

export const READ = constants.O_RDONLY | CAUTIOUS;
/** Every write goes to the end of the file, even when other processes write to it as well. */
export const APPEND = constants.O_RDWR | constants.O_APPEND | CAUTIOUS;
/** Like {@link APPEND}, for a file that must not exist yet. */
export const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL;

/** More bytes than any of our small files has. */
const MAX_BYTES = 256;

/** Returns the beginning of a small file; an empty text if it is not a file or cannot be read. */
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
