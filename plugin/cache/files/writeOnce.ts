import { writeFile } from 'node:fs/promises';
import { errnoOf } from './fileError.ts';

/**
 * Gives a file its content unless it is there, for its owner alone.
 * @param flush whether it is to survive a power cut
 */
export async function writeOnce(path: string, content: string, flush = false): Promise<void> {
  await writeFile(path, content, { flag: 'wx', mode: 0o600, flush }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}
