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

  it('lasts a moment longer than the image on screen needs, because the page then requests the next one', async () => {
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

  it('wakes one download per turn of the event loop, and only while no image on screen is loading', async () => {
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

  it('delays each background chunk by 100 ms while the server is busy serving images', async () => {
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

  it('never starves the background: a page that requests images all the time delays a chunk by 100 ms', async () => {
    const { foreground, wentOn } = startWaiting(1);
    for (let at = 0; at < 100; at += 5) {
      expect(wentOn).toEqual([]);
      foreground.release(onScreen);
      foreground.acquire(onScreen);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(wentOn).toEqual([0]);
  });

  it('is not released by a job that never acquired it', async () => {
    const { foreground } = startWaiting(0);
    foreground.release(next);
    await vi.advanceTimersByTimeAsync(20);
    expect(foreground.isHeld).toBe(true);
  });
});
