import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { errnoOf, lookAt } from '../cache/index.ts';
import { LOCK } from './outboxLayout.ts';

/** A process that was killed holds the lock for so long. */
const STALE_MS = 3_000;
const UPDATE_MS = 1_000;

/** The right to send what is in an outbox. */
export interface DrainLock {
  /** Aborted when another process may have taken it, e.g. because this one was suspended. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Sees to it that one process sends what is in an outbox, of several that share it, and of two that overlap when Vite restarts. It is for
 * efficiency only: two that send the same picture end in the same object.
 * @returns `undefined` if another process has it
 */
export async function acquireDrainLock(dir: string): Promise<DrainLock | undefined> {
  const lost = new AbortController();
  await lookAt(dir, '');
  try {
    const release = await lockfile.lock(dir, {
      lockfilePath: join(dir, LOCK),
      realpath: false,
      stale: STALE_MS,
      update: UPDATE_MS,
      retries: 0,
      // The default handler throws from a timer, which ends the process.
      onCompromised: () => lost.abort(),
    });
    return { lost: lost.signal, release: () => release().catch(() => undefined) }; // it was lost, or the directory removed
  } catch (error) {
    if (errnoOf(error) === 'ELOCKED') return undefined;
    return { lost: lost.signal, release: () => Promise.resolve() }; // there can be no lock here
  }
}
