import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { bytesOf, openCache } from '../helpers/cache.ts';

it('T44: a leader that leaves takes nobody with it, 500 times over', async () => {
  const { cache, source } = await openCache({ memoryMaxSize: 0 });
  source.delay = () => sleep(3);
  for (let round = 0; round < 500; round += 1) {
    const url = `mem:${round}`;
    const leader = new AbortController();
    const leading = cache.readUrl(url, { signal: leader.signal }).catch((error: unknown) => error);
    const others = Array.from({ length: 20 }, () => cache.readUrl(url, { signal: new AbortController().signal }));
    setTimeout(() => leader.abort(), round % 5);
    const bodies = await Promise.all(others);
    for (const { body } of bodies) expect(body.equals(bytesOf(String(round)))).toBe(true);
    await leading;
  }
  expect(source.downloads).toBe(500);
  expect((await cache.stats()).downloads).toMatchObject({ active: 0, queued: 0 });
});
