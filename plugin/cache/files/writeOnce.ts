import { writeFile } from 'node:fs/promises';
import { errnoOf } from './fileError.ts';

/**
 * Creates a file with this content unless it exists, readable by its owner only.
 * @param flush true if it is to survive a power cut
 */
export async function writeOnce(path: string, content: string, flush = false): Promise<void> {
  await writeFile(path, content, { flag: 'wx', mode: 0o600, flush }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}
