import { setImmediate } from 'node:timers/promises';
import { cpuMs } from './cpuMs.ts';

/**
 * The longest that a piece of work holds up the event loop, in milliseconds of this thread's CPU time: what other processes take meanwhile does
 * not count.
 */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  const done = new AbortController();
  let longest = 0;
  let before = cpuMs();
  const watch = async () => {
    while (!done.signal.aborted) {
      await setImmediate(); // once in each turn of the loop
      const now = cpuMs();
      longest = Math.max(longest, now - before);
      before = now;
    }
  };
  const watching = watch();
  await work().finally(() => done.abort());
  await watching;
  return longest;
}
