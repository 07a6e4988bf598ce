/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows; worker threads have no origin */
import { constants, setPriority } from 'node:os';
import sharp from 'sharp';
import { parentPort } from 'node:worker_threads';
import { paintPhoto } from './paint.ts';
import type { Photo } from './photo.ts';

// Each worker uses one thread, because the pool of workers already uses all cores.
sharp.concurrency(1);
// The page and its server have priority. (0 is this thread on Linux, and the whole storage process elsewhere.)
setPriority(0, constants.priority.PRIORITY_LOW);

parentPort?.on('message', async ({ id, photo }: { id: number; photo: Photo }) => {
  try {
    const bytes = await paintPhoto(photo);
    parentPort?.postMessage({ id, bytes });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
