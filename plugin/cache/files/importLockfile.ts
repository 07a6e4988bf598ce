/** What is used of proper-lockfile. It is bundled, so the types of this package cannot name it. */
interface Lockfile {
  /** @returns a function that releases the lock */
  lock(file: string, options: LockOptions): Promise<() => Promise<void>>;
}

interface LockOptions {
  lockfilePath: string;
  realpath: boolean;
  /** Milliseconds after which a lock that was not updated counts as left behind, and between two updates. */
  stale: number;
  update: number;
  retries: number;
  onCompromised: (error: Error) => void;
}

/**
 * Imports proper-lockfile, so that servers can still end in their own way. With it comes signal-exit, which ends the process at a signal if no
 * other listener is there. One of `process.once` that was called before is not there any more, and Vite has such a one: its server would end in
 * the middle of being closed. So listeners that come with the package are put before those that were there.
 */
export async function importLockfile(): Promise<Lockfile> {
  const before = new Map(signals().map((signal) => [signal, new Set(process.rawListeners(signal))]));
  const { default: lockfile } = await import('proper-lockfile');
  for (const [signal, earlier] of before) {
    for (const listener of process.rawListeners(signal)) {
      if (earlier.has(listener)) continue;
      process.off(signal, listener as NodeJS.SignalsListener);
      process.prependListener(signal, listener as NodeJS.SignalsListener);
    }
  }
  return lockfile;
}

/** Signals that somebody listens to. */
function signals(): NodeJS.Signals[] {
  return process.eventNames().filter((name): name is NodeJS.Signals => String(name).startsWith('SIG'));
}
