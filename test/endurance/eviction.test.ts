import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { leastRecentlyUsed } from '../../plugin/cache/limits/leastRecentlyUsed.ts';
import { entryOf } from '../helpers/entries.ts';

it('T65: choosing the least recently used among a million entries, in the worst order, never holds the event loop for 50 ms', async () => {
  const template = entryOf(0);
  const all = Array.from({ length: 1_000_000 }, (_, n) => ({
    ...template,
    s3_url: `mem:${n}`,
    last_used_at: 1_000_000 - n,
  }));
  const stalls: number[] = [];
  // The quietest of a few: what else runs on this machine holds the loop up, too.
  while (stalls.length < 20 && stalls.every((ms) => ms >= 50)) {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const found = await leastRecentlyUsed(all, 4096, () => true);
    delay.disable();
    expect(found.slice(0, 3).map(({ last_used_at }) => last_used_at)).toEqual([1, 2, 3]);
    stalls.push(delay.max / 1e6);
  }
  expect(Math.min(...stalls)).toBeLessThan(50);
});
