import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { READ } from './cautiousOpen.ts';
import { lookAt } from './ownFolders.ts';

/*
 * Reading without a trace, for those who only look: unlike `BlobStore`, nothing is remembered as checked, no damaged file is put aside,
 * and no folder is read twice.
 */

const CHUNK_BYTES = 1 << 20;

/** Size of a file inside the cache directory; `undefined` if there is none. */
export async function sizeOf(dir: string, path: string): Promise<number | undefined> {
  const stats = await lstat(join(dir, path)).catch(() => undefined);
  return stats?.isFile() === true ? stats.size : undefined;
}

/** The bytes of a file inside the cache directory; `undefined` if it is gone, larger than this, or cannot be read. */
export function readQuietly(dir: string, path: string, maxBytes: number): Promise<Buffer | undefined> {
  return withFile(dir, path, async (file) => {
    const { size } = await file.stat();
    return size > maxBytes ? undefined : file.readFile();
  });
}

/** SHA-256 of a file inside the cache directory, however large it is; `undefined` if it is gone or cannot be read. */
export function digestQuietly(dir: string, path: string): Promise<string | undefined> {
  return withFile(dir, path, async (file) => {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; ;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
  });
}

async function withFile<T>(
  dir: string,
  path: string,
  use: (file: FileHandle) => Promise<T | undefined>,
): Promise<T | undefined> {
  let file: FileHandle | undefined;
  try {
    if ((await lookAt(dir, dirname(path))) === undefined) return undefined;
    file = await open(join(dir, path), READ);
    return (await file.stat()).isFile() ? await use(file) : undefined;
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
