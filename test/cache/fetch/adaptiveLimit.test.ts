import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../../plugin/cache/fetch/adaptiveLimit.ts';

/** A limit in front of an origin that delivers so many bytes a second with so many downloads at a time. */
function startBehind(rateAt: (limit: number) => number, { start = 16, max = 64 } = {}) {
  let now = 0;
  const limit = new AdaptiveLimit({ start, max, now: () => now });
  limit.completed(1000); // begins the first round
  const round = () => {
    const downloads = limit.value;
    now += (downloads * 1000) / rateAt(downloads);
    for (let n = 0; n < downloads; n += 1) limit.completed(1000);
  };
  return {
    limit,
    pause: (ms: number) => void (now += ms),
    rounds(count: number): number[] {
      return Array.from({ length: count }, () => {
        round();
        return limit.value;
      });
    },
  };
}

describe('AdaptiveLimit', () => {
  it('grows to its maximum while every step up is faster, as with a distant origin', () => {
    const { rounds } = startBehind((limit) => limit * 10);
    expect(rounds(5)).toEqual([32, 64, 64, 64, 64]);
  });

  it('stays near its start when more downloads make nothing faster', () => {
    const { rounds } = startBehind(() => 1000);
    expect(rounds(16)).toEqual([32, 16, 16, 16, 16, 16, 24, 16, 16, 16, 16, 16, 24, 16, 16, 16]);
  });

  it('takes back a step that made it slower', () => {
    const { rounds } = startBehind((limit) => (limit <= 32 ? limit * 10 : 100));
    expect(rounds(3)).toEqual([32, 64, 32]);
  });

  it('tries again when the network has become faster', () => {
    let rate = 1000;
    const { limit, rounds } = startBehind((downloads) => Math.min(rate, downloads * 100));
    rounds(5);
    const before = limit.value;
    rate = 100_000;
    rounds(30);
    expect(limit.value).toBeGreaterThan(before);
    expect(limit.value).toBe(64);
  });

  it('T38: halves with each refusal, down to one at a time, and recovers', () => {
    const { limit, rounds } = startBehind((downloads) => downloads * 10);
    rounds(4);
    limit.refused();
    expect(limit.value).toBe(32);
    for (let n = 0; n < 10; n += 1) limit.refused();
    expect(limit.value).toBe(1);
    rounds(30);
    expect(limit.value).toBeGreaterThan(60);
  });

  it('ignores a round in which too few downloads were waiting', () => {
    let now = 0;
    const limit = new AdaptiveLimit({ start: 4, max: 64, now: () => (now += 1) });
    for (let n = 0; n < 100; n += 1) {
      for (let download = 0; download < 3; download += 1) limit.completed(1000);
      limit.starved();
    }
    expect(limit.value).toBe(4);
  });

  it('does not mistake a pause between two prefetches for a slow network', () => {
    const { limit, rounds, pause } = startBehind(() => 1000);
    rounds(2);
    limit.starved();
    pause(60_000);
    limit.completed(1000);
    expect(rounds(1)).toEqual([16]);
  });

  it('stays where it is when start and maximum are the same', () => {
    const { rounds } = startBehind((limit) => limit * 10, { start: 2, max: 2 });
    expect(rounds(20)).toEqual(Array(20).fill(2));
  });
});
