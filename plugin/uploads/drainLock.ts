import { join } from 'node:path';
import { errnoOf, importLockfile, lookAt } from '../cache/index.ts';
import type { OutboxFolder } from './outboxFolder.ts';
import { LOCK } from './outboxLayout.ts';

/** A process that was killed holds the lock for so long, unless this machine knows that it has ended. */
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
export async function acquireDrainLock(folder: OutboxFolder): Promise<DrainLock | undefined> {
  await lookAt(folder.dir, '');
  try {
    return await acquire(folder);
  } catch (error) {
    if (errnoOf(error) !== 'ELOCKED') return { lost: new AbortController().signal, release: () => Promise.resolve() }; // there can be no lock here
  }
  if (!(await folder.breakLock())) return undefined;
  return acquire(folder).catch(() => undefined); // another process was quicker
}

async function acquire(folder: OutboxFolder): Promise<DrainLock> {
  const lost = new AbortController();
  const lockfile = await importLockfile();
  const release = await lockfile.lock(folder.dir, {
    lockfilePath: join(folder.dir, LOCK),
    realpath: false,
    stale: STALE_MS,
    update: UPDATE_MS,
    retries: 0,
    // The default handler throws from a timer, which ends the process.
    onCompromised: () => lost.abort(),
  });
  await folder.holdLock();
  return { lost: lost.signal, release: () => release().catch(() => undefined) }; // it was lost, or the directory removed
}
