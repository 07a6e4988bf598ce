import { describe, expect, test } from 'vitest';
import type { Clock } from '../../plugin/source/clock.ts';
import { Throttle } from '../../plugin/source/throttle.ts';
import { startWatchdog } from '../../plugin/source/watchdog.ts';

/** A clock that stands still until it is told how far to go. */
class ManualClock implements Clock {
  #now = 0;
  #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener('abort', () => resolve());
    });
  }

  /** Stands for a loop that was blocked: time is up before anybody could run. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Wakes who is due, also those who then sleep for no time at all. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      const due = this.#sleepers.filter(({ at }) => at <= this.#now);
      this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
      for (const { wake } of due) wake();
      await new Promise(setImmediate);
    }
  }

  async advance(ms: number): Promise<void> {
    for (let step = 0; step < ms; step++) {
      this.#now++;
      await this.settle();
    }
  }
}

describe('a watchdog', () => {
  function setup() {
    const clock = new ManualClock();
    const expiries: number[] = [];
    const watchdog = startWatchdog(clock, 100, () => expiries.push(clock.now()));
    return { clock, expiries, watchdog };
  }

  test('expires once, when nothing happened for the limit', async () => {
    const { clock, expiries } = setup();
    await clock.advance(300);
    expect(expiries).toEqual([100]);
  });

  test('starts again with each touch', async () => {
    const { clock, expiries, watchdog } = setup();
    await clock.advance(90);
    watchdog.touch();
    await clock.advance(250);
    expect(expiries).toEqual([190]);
  });

  test('does not count while it is paused', async () => {
    const { clock, expiries, watchdog } = setup();
    await clock.advance(50);
    watchdog.pause();
    await clock.advance(500);
    expect(expiries).toEqual([]);
    watchdog.touch();
    await clock.advance(150);
    expect(expiries).toEqual([650]);
  });

  test('handles data that arrived while the event loop was blocked before it expires', async () => {
    const { clock, expiries, watchdog } = setup();
    const { sleep } = clock;
    clock.sleep = (ms, signal) => {
      // The chunk is read in the turn of the loop after the late timer.
      if (ms === 0) watchdog.touch();
      return sleep.call(clock, ms, signal);
    };
    clock.jump(500);
    await clock.settle();
    expect(expiries).toEqual([]);
  });

  test('does nothing once stopped', async () => {
    const { clock, expiries, watchdog } = setup();
    watchdog.stop();
    await clock.advance(300);
    expect(expiries).toEqual([]);
  });
});

describe('a throttle', () => {
  const never = new AbortController().signal;

  test('does not wait if no origin asked to slow down', async () => {
    expect(await new Throttle(new ManualClock()).wait('a', never)).toBe(false);
  });

  test('T38: makes all downloads wait until the latest time that was named', async () => {
    const clock = new ManualClock();
    const throttle = new Throttle(clock);
    const passed: [number, boolean][] = [];
    throttle.hold('a', 50);
    const waiting = [1, 2].map(() => throttle.wait('a', never).then((waited) => passed.push([clock.now(), waited])));
    await clock.advance(20);
    throttle.hold('a', 100);
    throttle.hold('a', 10);
    await clock.advance(200);
    await Promise.all(waiting);
    expect(passed).toEqual([
      [120, true],
      [120, true],
    ]);
  });

  test('T38: does not delay another origin, and counts the requests of all origins', async () => {
    const clock = new ManualClock();
    const throttle = new Throttle(clock);
    throttle.hold('a', 1_000);
    expect(await throttle.wait('b', never)).toBe(false);
    clock.jump(500);
    throttle.hold('b', 10);
    clock.jump(100);
    throttle.hold('c', 10); // forgets b, whose time is up, and not a
    expect(await throttle.wait('b', never)).toBe(false);
    let passed = 0;
    const waiting = throttle.wait('a', never).then(() => (passed = clock.now()));
    await clock.advance(1_000);
    await waiting;
    expect([passed, throttle.count]).toEqual([1_000, 3]);
  });

  test('stops waiting when the signal is aborted', async () => {
    const clock = new ManualClock();
    const throttle = new Throttle(clock);
    const controller = new AbortController();
    throttle.hold('a', 1_000);
    const waiting = throttle.wait('a', controller.signal);
    controller.abort();
    await waiting;
    expect(clock.now()).toBe(0);
  });
});
