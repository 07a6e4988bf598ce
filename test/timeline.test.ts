import { expect, test } from 'vitest';
import { TaskQueue, type TaskContext } from '../plugin/cache/queue/taskQueue.ts';
import { createS3Source } from '../plugin/source/index.ts';
import { type Step, Timeline } from '../plugin/timeline.ts';
import { openCache } from './helpers/cache.ts';
import { answer, startRawUpstream } from './helpers/rawUpstream.ts';
import { bucket, fastClock, MemorySink, sourceOptions } from './helpers/source.ts';

/** A clock that is put forward by hand. */
function manualClock() {
  let time = 1000;
  return { now: () => time, pass: (ms: number) => void (time += ms) };
}

test('a step gets the time since the last mark, and the times of a repeated step are added', () => {
  const { now, pass } = manualClock();
  const timeline = new Timeline(now);
  for (const [step, ms] of [
    ['queue', 430],
    ['connect', 20],
    ['retry', 200],
    ['connect', 0.4],
    ['first-byte', 310],
  ] as const) {
    pass(ms);
    timeline.mark(step);
  }
  pass(5);
  expect(timeline.elapsed).toBeCloseTo(965.4);
  expect(timeline.toString()).toBe('queue 430, connect 20, retry 200, first byte 310');
  expect(timeline.toServerTiming()).toBe(', queue;dur=430.0, connect;dur=20.4, retry;dur=200.0, first-byte;dur=310.0');
});

test('a request that joins a download has its remaining steps, and one that waits for it has the wait', async () => {
  const { now, pass } = manualClock();
  const queue = new TaskQueue<void>({ visible: 1, background: () => 1, maxBackground: 1 });
  const tasks = new Map<string, { context: TaskContext<never>; end: () => void }>();
  const run = (key: string) => {
    const timeline = new Timeline(now);
    const task = (context: TaskContext<never>) =>
      new Promise<void>((resolve) => tasks.set(key, { context, end: resolve }));
    return { timeline, ended: queue.run({ key, urgency: 'visible', timeline, task }) };
  };
  const first = run('a');
  const next = run('b');
  await Promise.resolve();
  pass(100);
  tasks.get('a')?.context.mark('connect');
  pass(30);
  const joined = run('a');
  pass(20);
  tasks.get('a')?.context.mark('body');
  tasks.get('a')?.end();
  await Promise.all([first.ended, joined.ended]);
  await new Promise(setImmediate);
  tasks.get('b')?.end();
  await next.ended;
  expect(first.timeline.steps).toEqual({ queue: 0, connect: 100, body: 50 });
  expect(joined.timeline.steps).toEqual({ body: 20 });
  expect(next.timeline.steps).toEqual({ queue: 150 });
});

test('the source marks signing, the connection, the first byte, the body and failed attempts', async () => {
  let asked = 0;
  const upstream = await startRawUpstream(({ socket }) => {
    asked += 1;
    socket.end(asked === 1 ? answer(500, {}, 'oops') : answer(200, {}, 'bytes'));
  });
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]), {
    clock: fastClock(20),
  });
  const steps: Step[] = [];
  const object = source.identify(`${upstream.origin}/photos/a.jpg?X-Amz-Credential=c&X-Amz-Signature=s`);
  await source.download(object, new MemorySink(), new AbortController().signal, '', (step) => steps.push(step));
  const attempt = ['sign', 'connect', 'first-byte'];
  expect(steps).toEqual([...attempt, 'retry', ...attempt, 'body']);
  source.close();
  await upstream.close();
});

test('the cache passes the timeline on for a miss, and does not use it for an image in memory', async () => {
  const { cache } = await openCache();
  const timeline = new Timeline();
  await cache.readUrl('mem:a.png', { timeline });
  expect(Object.keys(timeline.steps)).toEqual(['find', 'queue', 'store']);
  const hit = await cache.readUrl('mem:a.png', {
    get timeline(): Timeline {
      throw new Error('It was looked at.');
    },
  });
  expect(hit.tier).toBe('memory');
});
