import { rename } from 'node:fs/promises';
import { errnoOf } from './fileError.ts';

/** What Windows answers while a virus scanner or another process has one of the two files open (T66). */
const PASSING = new Set(['EPERM', 'EACCES', 'EBUSY']);
const BACKOFF_MS = [10, 40, 160];

/** Renames a file over another, or over nothing. */
export async function replaceFile(from: string, to: string): Promise<void> {
  for (const wait of BACKOFF_MS) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!PASSING.has(errnoOf(error) ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return rename(from, to);
}
