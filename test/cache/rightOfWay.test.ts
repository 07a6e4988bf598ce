import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RightOfWay } from '../../plugin/cache/downloads/rightOfWay.ts';

const onScreen = { name: 'on screen' };
const next = { name: 'next on screen' };

/** A right of way that an image on screen has, with so many background downloads that wait. */
function startWaiting(count: number) {
  const freed: number[] = [];
  const rightOfWay = new RightOfWay<object>(() => freed.push(Date.now()));
  rightOfWay.take(onScreen);
  const wentOn: number[] = [];
  for (let n = 0; n < count; n += 1) void rightOfWay.wait({})?.then(() => wentOn.push(n));
  return { rightOfWay, wentOn, freed };
}

describe('RightOfWay', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lasts a moment longer than the image on screen needs, for the one that the page asks for next', async () => {
    const { rightOfWay, wentOn, freed } = startWaiting(1);
    rightOfWay.give(onScreen);
    await vi.advanceTimersByTimeAsync(9);
    expect(rightOfWay.isTaken).toBe(true);
    rightOfWay.take(next);
    await vi.advanceTimersByTimeAsync(50);
    expect(wentOn).toEqual([]);
    rightOfWay.give(next);
    await vi.advanceTimersByTimeAsync(10);
    expect(wentOn).toEqual([0]);
    expect(freed).toEqual([69]);
  });

  it('lets one download go on a turn of the event loop, and the others when the screen wants nothing', async () => {
    const { rightOfWay, wentOn } = startWaiting(5);
    rightOfWay.give(onScreen);
    await vi.advanceTimersToNextTimerAsync();
    expect(wentOn).toEqual([0]);
    await vi.advanceTimersToNextTimerAsync();
    expect(wentOn).toEqual([0, 1]);
    rightOfWay.take(next);
    await vi.advanceTimersByTimeAsync(50);
    expect(wentOn, 'an image on screen was asked for').toEqual([0, 1]);
    rightOfWay.give(next);
    await vi.advanceTimersByTimeAsync(20);
    expect(wentOn).toEqual([0, 1, 2, 3, 4]);
  });

  it('holds the background up for 100 ms a chunk while so much is served that there is time for little else', async () => {
    let isBusy = true;
    const rightOfWay = new RightOfWay<object>(
      () => {},
      () => isBusy,
    );
    let hasGoneOn = false;
    void rightOfWay.wait({})?.then(() => (hasGoneOn = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(hasGoneOn).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(hasGoneOn).toBe(true);
    isBusy = false;
    expect(rightOfWay.wait({})).toBeUndefined();
  });

  it('never starves the background: a page that wants something all the time holds a chunk up for 100 ms', async () => {
    const { rightOfWay, wentOn } = startWaiting(1);
    for (let at = 0; at < 100; at += 5) {
      expect(wentOn).toEqual([]);
      rightOfWay.give(onScreen);
      rightOfWay.take(onScreen);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(wentOn).toEqual([0]);
  });

  it('is not given back by who never had it', async () => {
    const { rightOfWay } = startWaiting(0);
    rightOfWay.give(next);
    await vi.advanceTimersByTimeAsync(20);
    expect(rightOfWay.isTaken).toBe(true);
  });
});
