import { errnoOf } from './fileError.ts';

/** The directory may be removed again and again, faster than a busy machine creates it (T55). */
const MAX_ATTEMPTS = 20;

/** Thrown after the last attempt. A caller that retries as well does not repeat this error: it would end the same way. */
class RemovedTooOften extends Error {
  readonly code = 'ENOENT';
}

/**
 * Repeats work that failed because a file or folder was removed before the work was done (ENOENT). The cache directory may be
 * removed by hand at any time, which is a valid way to clear it (T55), and other processes remove logs that they have compacted.
 * @throws what the work throws; after 20 attempts an error with the code ENOENT
 */
export async function retryWhenRemoved<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || error instanceof RemovedTooOften) throw error;
      if (attempt === MAX_ATTEMPTS)
        throw new RemovedTooOften('The directory is removed again and again.', { cause: error });
    }
  }
}
