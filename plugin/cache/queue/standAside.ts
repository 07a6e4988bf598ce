import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 20;

/**
 * Waits while pages wait for images, so that work for those who only look does not delay them.
 * @param isBusy true while a page waits for an image
 * @param maxMs the longest wait, in milliseconds
 */
export async function standAside(isBusy: () => boolean, maxMs: number, signal?: AbortSignal): Promise<void> {
  for (let waited = 0; isBusy() && waited < maxMs; waited += LOOK_MS) await sleep(LOOK_MS, undefined, { signal });
}
