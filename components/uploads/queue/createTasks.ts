import type { UploadsEnvironment } from '../environment.ts';
import { pause } from './pause.ts';

/** What is under way in the tab that sends. */
export interface Tasks<Name> {
  start(work: () => Promise<void>): void;
  /** Of each name there is one at a time. */
  startOne(name: Name, work: () => Promise<void>): void;
  isRunning(name: Name): boolean;
  /** Resolves when nothing is under way any more. */
  ended(): Promise<void>;
}

/** After a fault of the browser's storage. */
const TROUBLE_MS = 5_000;

/** @param onEnd called after each */
export function createTasks<Name>(env: UploadsEnvironment, signal: AbortSignal, onEnd: () => void): Tasks<Name> {
  const running = new Set<Name>();
  const underWay = new Set<Promise<void>>();

  function start(work: () => Promise<void>): void {
    // Faults of the browser's storage end here: nothing is lost, and the next look tries again.
    const promise = work()
      .catch(() => pause(env, TROUBLE_MS, signal))
      .finally(() => {
        underWay.delete(promise);
        onEnd();
      });
    underWay.add(promise);
  }

  return {
    start,
    startOne(name, work) {
      running.add(name);
      start(() => work().finally(() => running.delete(name)));
    },
    isRunning: (name) => running.has(name),
    async ended() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}
