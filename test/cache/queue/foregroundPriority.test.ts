import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ForegroundPriority } from '../../../plugin/cache/queue/foregroundPriority.ts';

const onScreen = { name: 'on screen' };
const next = { name: 'next on screen' };

/** The priority that an image on screen holds, and so many background downloads that wait. */
function startWaiting(count: number) {
  const freed: number[] = [];
  const foreground = new ForegroundPriority<object>(() => freed.push(Date.now()));
  foreground.acquire(onScreen);
  const wentOn: number[] = [];
  for (let n = 0; n < count; n += 1) void foreground.yieldToForeground({})?.then(() => wentOn.push(n));
  return { foreground, wentOn, freed };
}

describe('ForegroundPriority', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lasts a moment longer than the image on screen needs, for the one that the page asks for next', async () => {
    const { foreground, wentOn, freed } = startWaiting(1);
    foreground.release(onScreen);
    await vi.advanceTimersByTimeAsync(9);
    expect(foreground.isHeld).toBe(true);
    foreground.acquire(next);
    await vi.advanceTimersByTimeAsync(50);
    expect(wentOn).toEqual([]);
    foreground.release(next);
    await vi.advanceTimersByTimeAsync(10);
    expect(wentOn).toEqual([0]);
    expect(freed).toEqual([69]);
  });

  it('lets one download go on a turn of the event loop, and the others when the screen wants nothing', async () => {
    const { foreground, wentOn } = startWaiting(5);
    foreground.release(onScreen);
    await vi.advanceTimersToNextTimerAsync();
    expect(wentOn).toEqual([0]);
    await vi.advanceTimersToNextTimerAsync();
    expect(wentOn).toEqual([0, 1]);
    foreground.acquire(next);
    await vi.advanceTimersByTimeAsync(50);
    expect(wentOn, 'an image on screen was asked for').toEqual([0, 1]);
    foreground.release(next);
    await vi.advanceTimersByTimeAsync(20);
    expect(wentOn).toEqual([0, 1, 2, 3, 4]);
  });

  it('holds the background up for 100 ms a chunk while so much is served that there is time for little else', async () => {
    let isBusy = true;
    const foreground = new ForegroundPriority<object>(
      () => {},
      () => isBusy,
    );
    let hasGoneOn = false;
    void foreground.yieldToForeground({})?.then(() => (hasGoneOn = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(hasGoneOn).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(hasGoneOn).toBe(true);
    isBusy = false;
    expect(foreground.yieldToForeground({})).toBeUndefined();
  });

  it('never starves the background: a page that wants something all the time holds a chunk up for 100 ms', async () => {
    const { foreground, wentOn } = startWaiting(1);
    for (let at = 0; at < 100; at += 5) {
      expect(wentOn).toEqual([]);
      foreground.release(onScreen);
      foreground.acquire(onScreen);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(wentOn).toEqual([0]);
  });

  it('is not given back by who never had it', async () => {
    const { foreground } = startWaiting(0);
    foreground.release(next);
    await vi.advanceTimersByTimeAsync(20);
    expect(foreground.isHeld).toBe(true);
  });
});
