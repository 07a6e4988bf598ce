import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TaskQueue, type TaskContext } from '../../../plugin/cache/queue/taskQueue.ts';
import type { Urgency } from '../../../plugin/protocol.ts';

/** A queue whose tasks run until they are told to end, and what has been begun, in order. */
function startQueue({ visible = 2, background = 4, isBusy = (): boolean => false } = {}) {
  const queue = new TaskQueue<string>({ visible, background: () => background, maxBackground: background, isBusy });
  const begun: string[] = [];
  const contexts = new Map<string, TaskContext<never>>();
  const ends = new Map<string, () => void>();
  return {
    queue,
    begun,
    add(key: string, urgency: Urgency, signal?: AbortSignal, origin?: string): Promise<string> {
      const task = (context: TaskContext<never>) => {
        begun.push(key);
        contexts.set(key, context);
        return new Promise<string>((resolve) => ends.set(key, () => resolve(key)));
      };
      return queue.run({ key, urgency, signal, origin, task });
    },
    async end(key: string) {
      ends.get(key)?.();
      await settle();
    },
    yieldToForeground: (key: string) => contexts.get(key)?.yieldToForeground(),
    async freeSlot(key: string) {
      contexts.get(key)?.freeSlot();
      await settle();
    },
  };
}

/** Lets all that is already due happen. */
const settle = async () => {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
};

/** As long as the foreground keeps its priority when nothing is in it any more, and a moment for those who waited. */
const linger = () => vi.advanceTimersByTimeAsync(20);

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe('TaskQueue', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('starts a task for the screen at once, however many are queued and running', async () => {
    const { add, begun } = startQueue();
    for (const key of names('p', 10_000)) void add(key, 'normal');
    await settle();
    expect(begun).toEqual(names('p', 4));
    void add('seen', 'visible');
    await settle();
    expect(begun.at(-1)).toBe('seen');
  });

  it('starts tasks of an actor that was opened before all others', async () => {
    const { add, begun, end } = startQueue();
    for (const key of names('p', 100)) void add(key, 'normal');
    void add('opened', 'high');
    await settle();
    expect(begun).toContain('opened');
    void add('opened too', 'high');
    await end('p0');
    expect(begun.at(-1)).toBe('opened too');
  });

  it('starts the next task when one has released its slot, although that one has not finished', async () => {
    const { add, begun, freeSlot, end } = startQueue({ background: 2 });
    for (const key of names('p', 9)) void add(key, 'normal');
    await settle();
    await freeSlot('p0');
    expect(begun).toEqual(['p0', 'p1', 'p2']);
    await freeSlot('p0');
    expect(begun, 'a slot is freed once').toHaveLength(3);
    await end('p0');
    expect(begun, 'nor again at the end').toHaveLength(3);
  });

  it('lets no more than twice as many tasks run as there are slots', async () => {
    const { add, begun, freeSlot, end } = startQueue({ background: 2 });
    for (const key of names('p', 9)) void add(key, 'normal');
    await settle();
    for (const key of names('p', 4)) await freeSlot(key);
    expect(begun).toEqual(['p0', 'p1', 'p2', 'p3']);
    await end('p2');
    expect(begun.at(-1)).toBe('p4');
  });

  it('starts only a few background tasks while the server is busy', async () => {
    let busy = true;
    const { add, begun, end } = startQueue({ background: 16, isBusy: () => busy });
    for (const key of names('p', 40)) void add(key, 'normal');
    await settle();
    expect(begun).toHaveLength(4);
    void add('seen', 'visible');
    await settle();
    expect(begun.at(-1), 'the screen does not wait').toBe('seen');
    busy = false;
    for (const key of ['p0', 'seen']) await end(key);
    await linger();
    expect(begun, 'as many as may run, and the two that have ended').toHaveLength(18);
  });

  it('promotes what is queued at a lower priority, and runs it once for all', async () => {
    const { add, begun, end } = startQueue();
    const waiting = names('p', 100).map((key) => add(key, 'normal'));
    await settle();
    const seen = add('p99', 'visible');
    await settle();
    expect(begun.at(-1)).toBe('p99');
    await end('p99');
    expect(await seen).toBe('p99');
    expect(await waiting[99]).toBe('p99');
    expect(begun.filter((key) => key === 'p99')).toHaveLength(1);
  });

  it('delays background downloads while one for the screen is running, and lets them continue afterwards', async () => {
    const { add, end, yieldToForeground } = startQueue();
    void add('behind', 'normal');
    void add('seen', 'visible');
    await settle();
    expect(yieldToForeground('seen')).toBeUndefined();
    let hasGoneOn = false;
    void yieldToForeground('behind')?.then(() => (hasGoneOn = true));
    await settle();
    expect(hasGoneOn).toBe(false);
    await end('seen');
    await linger();
    expect(hasGoneOn).toBe(true);
    expect(yieldToForeground('behind')).toBeUndefined();
  });

  it('never starves the background: after 100 ms it gets a turn, whatever else is running', async () => {
    const { add, yieldToForeground } = startQueue();
    void add('behind', 'normal');
    void add('seen', 'visible');
    await settle();
    let hasGoneOn = false;
    void yieldToForeground('behind')?.then(() => (hasGoneOn = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(hasGoneOn).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(hasGoneOn).toBe(true);
  });

  it('starts half as many background downloads while one for the screen is running', async () => {
    const { add, begun, end } = startQueue();
    void add('seen', 'visible');
    for (const key of names('p', 100)) void add(key, 'normal');
    await settle();
    expect(begun).toEqual(['seen', 'p0', 'p1']);
    await end('seen');
    expect(begun, 'the next image may be asked for at once').toEqual(['seen', 'p0', 'p1']);
    await linger();
    expect(begun).toEqual(['seen', 'p0', 'p1', 'p2', 'p3']);
  });

  it('gives the foreground to a running download as soon as the screen joins it', async () => {
    const { add, yieldToForeground, end, begun } = startQueue();
    void add('behind', 'normal');
    void add('joined', 'normal');
    void add('seen', 'visible');
    await settle();
    let hasGoneOn = false;
    void yieldToForeground('joined')?.then(() => (hasGoneOn = true));
    const joined = add('joined', 'visible');
    await settle();
    expect(hasGoneOn).toBe(true);
    await end('seen');
    expect(yieldToForeground('joined')).toBeUndefined();
    expect(yieldToForeground('behind')).toBeDefined();
    await end('joined');
    expect(await joined).toBe('joined');
    expect(begun.filter((key) => key === 'joined')).toHaveLength(1);
    await linger();
    expect(yieldToForeground('behind')).toBeUndefined();
  });

  it('releases the foreground when the requester for the screen has left', async () => {
    const { add, yieldToForeground, end } = startQueue();
    void add('behind', 'normal');
    const leaving = new AbortController();
    const seen = add('seen', 'visible', leaving.signal).catch((error: unknown) => error);
    await settle();
    leaving.abort();
    expect(await seen).toMatchObject({ code: 'ABORTED' });
    await end('seen'); // a task ends when it hears of it
    await linger();
    expect(yieldToForeground('behind')).toBeUndefined();
  });

  it('listens to a signal once, however many downloads share it, and aborts all of them', async () => {
    const { add, queue } = startQueue();
    const leaving = new AbortController();
    const listen = vi.spyOn(leaving.signal, 'addEventListener');
    const all = names('p', 1000).map((key) => add(key, 'normal', leaving.signal));
    const other = new AbortController();
    for (const key of ['p500', 'p501', 'p502']) void add(key, 'normal', other.signal);
    await settle();
    expect(listen).toHaveBeenCalledOnce();
    leaving.abort();
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.code === 'ABORTED')).toBe(true);
    expect(queue.queued, 'the one of the three others that has not begun').toBe(1);
  });

  it('refuses a requester that has left already, and does not start the download', async () => {
    const { add, begun } = startQueue();
    await expect(add('p', 'normal', AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    expect(begun).toEqual([]);
  });

  describe('callers', () => {
    const callers = () => [new AbortController(), new AbortController(), new AbortController()] as const;

    it.each<Urgency>(['visible', 'high', 'normal'])('take turns, each in the order of its own: %s', async (urgency) => {
      const { add, begun, end } = startQueue({ visible: 1, background: 1 });
      const [a, b, c] = callers();
      for (const key of names('a', 100)) void add(key, urgency, a.signal);
      for (const key of names('b', 3)) void add(key, urgency, b.signal);
      for (const key of names('c', 2)) void add(key, urgency, c.signal);
      await settle();
      for (let n = 0; n < 8; n += 1) await end(begun[n] ?? '');
      expect(begun).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    });

    it('without a signal count as one caller each, in order of arrival', async () => {
      const { add, begun, end } = startQueue({ visible: 1 });
      const [a] = callers();
      for (const key of names('a', 100)) void add(key, 'visible', a.signal);
      for (const key of names('s', 3)) void add(key, 'visible');
      await settle();
      for (let n = 0; n < 4; n += 1) await end(begun[n] ?? '');
      expect(begun).toEqual(['a0', 's0', 's1', 's2', 'a1']);
    });

    it('that share a task get it once, at the turn of the first of them', async () => {
      const { add, begun, end } = startQueue({ visible: 1 });
      const [a, b] = callers();
      for (const key of names('a', 5)) void add(key, 'visible', a.signal);
      const last = add('a4', 'visible', b.signal);
      await settle();
      for (let n = 0; n < 5; n += 1) await end(begun[n] ?? '');
      expect(begun).toEqual(['a0', 'a4', 'a1', 'a2', 'a3']);
      expect(await last).toBe('a4');
    });

    it('that leave take their places with them, and leave the others theirs', async () => {
      const { add, begun, end, queue } = startQueue({ visible: 1, background: 0 });
      const [a, b, c] = callers();
      const left = names('a', 4).map((key) => add(key, 'visible', a.signal).catch(() => 'left'));
      void add('a3', 'visible', b.signal);
      void add('a2', 'normal', c.signal);
      await settle();
      a.abort();
      expect(await Promise.all(left)).toEqual(['left', 'left', 'left', 'left']);
      expect(queue.queued).toBe(2);
      await end('a0');
      expect(begun, 'a2 is only a prefetch now').toEqual(['a0', 'a3']);
    });

    it('that are about to request a task keep it from being aborted until they release it', async () => {
      const { add, begun, queue, end } = startQueue({ visible: 1 });
      const [a, b] = callers();
      for (const key of names('a', 3)) add(key, 'visible', a.signal).catch(() => undefined);
      await settle();
      const releases = names('a', 3).map((key) => queue.hold(key));
      a.abort();
      await settle();
      expect([queue.active, queue.queued]).toEqual([1, 2]);
      const joined = [add('a0', 'visible', b.signal), add('a1', 'visible', b.signal)];
      for (const release of releases) release();
      for (const release of releases) release(); // without effect
      expect(queue.queued, 'a2 has no requester').toBe(1);
      await end('a0');
      await end('a1');
      expect(await Promise.all(joined)).toEqual(['a0', 'a1']);
      expect(begun).toEqual(['a0', 'a1']);
      queue.hold('unknown')();
    });
  });

  describe('S11: an origin that hangs', () => {
    const hanging = (names: string[], urgency: Urgency, { add }: ReturnType<typeof startQueue>) => {
      for (const key of names) void add(key, urgency, undefined, 'a');
    };
    const begunOf = ({ begun }: ReturnType<typeof startQueue>, letter: string) =>
      begun.filter((key) => key.startsWith(letter)).length;

    it.each<Urgency>(['visible', 'high', 'normal'])(
      'has no slots but its own: %s ones of others begin at once',
      async (urgency) => {
        const started = startQueue({ visible: 16, background: 16 });
        hanging(names('a', 10_000), urgency, started);
        await settle();
        expect(begunOf(started, 'a'), 'alone, it has all of them').toBe(16);
        for (const key of names('b', 100)) void started.add(key, urgency, undefined, 'b');
        await settle();
        expect([begunOf(started, 'a'), begunOf(started, 'b')]).toEqual([16, 8]);
      },
    );

    it('leaves slots to others when several origins hang', async () => {
      const started = startQueue({ visible: 16 });
      for (const letter of ['a', 'b', 'c', 'd', 'e']) {
        for (const key of names(letter, 100)) void started.add(key, 'visible', undefined, letter);
        await settle();
      }
      expect(['a', 'b', 'c', 'd', 'e'].map((letter) => begunOf(started, letter))).toEqual([16, 8, 4, 2, 1]);
      for (const letter of names('f', 1000)) void started.add(`f${letter}`, 'visible', undefined, letter);
      await settle();
      expect(started.begun.length, 'in all, no more than twice as many').toBe(32);
    });

    it('gives slots back to the others as they become free, until all have equally many', async () => {
      const started = startQueue({ visible: 6 });
      for (const key of names('a', 100)) void started.add(key, 'visible', undefined, 'a');
      await settle();
      for (const key of names('b', 100)) void started.add(key, 'visible', undefined, 'b');
      await settle();
      for (let n = 0; n < 60; n += 1) await started.end(started.begun[n] ?? '');
      const lately = started.begun.slice(20, 60);
      const ofA = lately.filter((key) => key.startsWith('a')).length;
      expect(Math.abs(ofA - lately.length / 2)).toBeLessThan(4);
    });

    it('leaves as much to others when the limit falls while it hangs', async () => {
      let limit = 64;
      const queue = new TaskQueue({ visible: 2, background: () => limit, maxBackground: 64 });
      const begun: string[] = [];
      const add = (origin: string) =>
        void queue.run({
          key: `${origin}${begun.length} ${Math.random()}`,
          urgency: 'normal',
          origin,
          task: () => new Promise<never>(() => void begun.push(origin)),
        });
      for (let n = 0; n < 100; n += 1) add('a');
      await settle();
      limit = 8;
      for (let n = 0; n < 100; n += 1) add('b');
      await settle();
      expect(begun.filter((origin) => origin === 'b')).toHaveLength(8);
    });

    it('does not make the others wait for their slots, even while a task for the screen is running', async () => {
      const started = startQueue({ visible: 4, background: 16 });
      hanging(names('a', 100), 'normal', started);
      await settle();
      hanging(['a seen'], 'visible', started);
      for (const key of names('b', 100)) void started.add(key, 'normal', undefined, 'b');
      await settle();
      expect(begunOf(started, 'b')).toBeGreaterThan(0);
    });

    it.each([1, 2])('with %i slots, too', async (visible) => {
      const started = startQueue({ visible });
      hanging(names('a', 10), 'visible', started);
      await settle();
      expect(begunOf(started, 'a')).toBe(visible);
      void started.add('b', 'visible', undefined, 'b');
      await settle();
      expect(started.begun.at(-1)).toBe('b');
    });

    it('gets its turn for queued images like the others', async () => {
      const started = startQueue({ visible: 2, background: 2 });
      for (const letter of ['a', 'b', 'c']) {
        for (const key of names(letter, 3)) void started.add(key, 'normal', undefined, letter);
      }
      await settle();
      for (const key of started.begun) await started.end(key); // also those that begin meanwhile
      expect(started.begun.slice(0, 3).toSorted()).toEqual(['a0', 'b0', 'c0']);
      expect(started.begun).toHaveLength(9);
      expect(started.queue.queued).toBe(0);
    });
  });
});
