import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { bytesOf, openCache } from './cache.ts';

/** T44: in each round 21 requests want one image, and the one that began the download leaves. The others still get it, by one download. */
export async function expectLeadersToLeaveAlone(rounds: number): Promise<void> {
  const { cache, source } = await openCache({ memoryMaxSize: 0 });
  source.delay = () => sleep(3);
  for (let round = 0; round < rounds; round += 1) {
    const url = `mem:${round}`;
    const leader = new AbortController();
    const leading = cache.readUrl(url, { signal: leader.signal }).catch((error: unknown) => error);
    const others = Array.from({ length: 20 }, () => cache.readUrl(url, { signal: new AbortController().signal }));
    setTimeout(() => leader.abort(), round % 5);
    const bodies = await Promise.all(others);
    for (const { body } of bodies) expect(body.equals(bytesOf(String(round)))).toBe(true);
    await leading;
  }
  expect(source.downloads).toBe(rounds);
  expect((await cache.stats()).downloads).toMatchObject({ active: 0, queued: 0 });
}
