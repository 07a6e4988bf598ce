import type { UploadsEnvironment } from '../environment.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import { pause } from './pause.ts';

/** Something that one tab does at a time. Locks save work; that repeating a step does no harm is what keeps it right (UPLOADS I8). */
export interface Locks {
  /**
   * Waits for its turn, and keeps it until `run` has ended.
   * @param run is told by `lost` when the turn was taken away: the tab was asleep for too long
   * @param until ends the wait
   */
  hold(name: string, run: (lost: AbortSignal) => Promise<void>, until: AbortSignal): Promise<void>;
  /** Runs if no other tab is at it. @returns whether it has run */
  tryHold(name: string, run: () => Promise<void>): Promise<boolean>;
}

const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

export function createLocks(prefix: string, env: UploadsEnvironment, outbox: Outbox, tabId: string): Locks {
  return env.locks ? webLocks(prefix, env.locks) : leases(prefix, env, outbox, tabId);
}

function webLocks(prefix: string, manager: Pick<LockManager, 'request'>): Locks {
  return {
    async hold(name, run, until) {
      await manager.request(`${prefix} ${name}`, { signal: until }, () => run(new AbortController().signal));
    },
    async tryHold(name, run) {
      return manager.request(`${prefix} ${name}`, { ifAvailable: true }, async (lock) => {
        if (lock) await run();
        return lock !== null;
      });
    },
  };
}

/** Where there are no Web Locks: a row in the database that says who it is, and until when. */
function leases(prefix: string, env: UploadsEnvironment, outbox: Outbox, tabId: string): Locks {
  let turns = 0;

  /** Each turn is an owner of its own: one that has been stopped must not end the next one of the same tab. */
  function nextOwner(): string {
    turns += 1;
    return `${tabId} ${turns}`;
  }

  const take = (name: string, owner: string): Promise<boolean> =>
    outbox.lease(`${prefix} ${name}`, owner, env.now(), LEASE_MS);

  async function keep(name: string, owner: string, run: (lost: AbortSignal) => Promise<void>): Promise<void> {
    const lost = new AbortController();
    let stop = (): void => {};
    const renew = (): void => {
      stop = env.after(RENEW_MS, () => {
        void take(name, owner).then(
          (isOurs) => (isOurs ? renew() : lost.abort()),
          () => lost.abort(),
        );
      });
    };
    renew();
    try {
      await run(lost.signal);
    } finally {
      stop();
      await outbox.release(`${prefix} ${name}`, owner).catch(() => {});
    }
  }

  return {
    async hold(name, run, until) {
      // A tab that has just yielded its turn lets the others have theirs.
      if (env.isHidden()) await pause(env, RENEW_MS + 1_000, until);
      const owner = nextOwner();
      while (!until.aborted) {
        if (await take(name, owner).catch(() => false)) return keep(name, owner, run);
        await pause(env, RENEW_MS, until);
      }
    },
    async tryHold(name, run) {
      const owner = nextOwner();
      if (!(await take(name, owner))) return false;
      await keep(name, owner, run);
      return true;
    },
  };
}
