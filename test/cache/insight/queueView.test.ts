import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../../plugin/cache/fetch/adaptiveLimit.ts';
import { PriorityQueue } from '../../../plugin/cache/queue/priorityQueue.ts';
import type { QueueAnswer } from '../../../plugin/inspectorProtocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

/** A cache whose origin answers when it is told to. */
async function heldCache(settings: Parameters<typeof openCache>[0] = {}) {
  const source = new MemorySource((name) => bytesOf(name));
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  source.delay = () => held;
  const opened = await openCache({ source, concurrency: 2, ...settings });
  await opened.cache.stats();
  const begun: Promise<unknown>[] = [];
  const prefetch = (...names: string[]) => {
    for (const name of names) begun.push(opened.cache.prefetch({ s3_url: `mem:${name}` }, 'a'));
  };
  const end = async () => {
    letGo();
    await Promise.all(begun);
  };
  /** Asks until as many are running. */
  const queue = async (running: number): Promise<QueueAnswer> => {
    await expect.poll(() => opened.cache.insight.queue().running_count).toBe(running);
    return opened.cache.insight.queue();
  };
  return { ...opened, begun, prefetch, end, queue };
}

describe('GET /queue says what runs, what waits, and for what', () => {
  it('for a slot, in the order of their places', async () => {
    const { prefetch, queue, end } = await heldCache();
    prefetch('a', 'b', 'c', 'd');
    const { running, waiting, waiting_count, limit } = await queue(2);
    expect(running).toMatchObject([
      { s3_url: 'mem:a', kind: 'download', urgency: 'normal', waiters: 1, attempt: 1, received_bytes: 0 },
      { s3_url: 'mem:b' },
    ]);
    expect(waiting).toMatchObject([
      { s3_url: 'mem:c', place: 1, waits_for: 'slot' },
      { s3_url: 'mem:d', place: 2, waits_for: 'slot' },
    ]);
    expect([waiting_count, limit]).toEqual([2, { visible: 2, background: 2, max_background: 2, changes: [] }]);
    await end();
  });

  it('for an image on screen, which goes first', async () => {
    const { cache, begun, prefetch, queue, end } = await heldCache({ concurrency: 4 });
    begun.push(cache.readUrl('mem:seen'));
    await queue(1);
    prefetch('a', 'b', 'c');
    const { running, waiting } = await queue(3);
    expect(running[0]).toMatchObject({ s3_url: 'mem:seen', urgency: 'visible' });
    expect(waiting).toMatchObject([{ s3_url: 'mem:c', waits_for: 'visible_first' }]);
    await end();
  });

  it('for the origin, which has asked to slow down, and until when', async () => {
    const { source, prefetch, queue, end } = await heldCache();
    Object.assign(source, { heldUntil: () => 5000 });
    prefetch('a', 'b', 'c');
    const { running, waiting } = await queue(2);
    expect([running[0], waiting[0]]).toMatchObject([
      { until: 5000, waits_for: 'slow_down' },
      { until: 5000, waits_for: 'slow_down' },
    ]);
    await end();
  });

  it('a revalidation is one of its own, by the URL of the image', async () => {
    const { cache, begun, prefetch, queue, end, source } = await heldCache();
    const { delay } = source;
    source.delay = () => Promise.resolve();
    prefetch('a');
    await Promise.all(begun);
    source.delay = delay;
    begun.push(cache.prefetch({ s3_url: 'mem:a' }, 'a', { revalidate: true }));
    expect((await queue(1)).running).toMatchObject([{ s3_url: 'mem:a', kind: 'revalidation' }]);
    await end();
  });

  it('at most 100 of each, however many there are, and the number of all', async () => {
    const { prefetch, queue, end } = await heldCache();
    prefetch(...Array.from({ length: 300 }, (_, n) => `${n}`));
    const { waiting, waiting_count } = await queue(2);
    expect([waiting.length, waiting_count]).toEqual([100, 298]);
    await end();
  });

  it('nothing of it is a URL with a signature', async () => {
    const { cache, prefetch, end } = await heldCache();
    prefetch('a');
    expect(JSON.stringify(cache.insight.queue())).not.toContain(' by ');
    await end();
  });
});

it('the limit keeps its last five changes, with their reasons', () => {
  let now = 0;
  const limit = new AdaptiveLimit({ start: 16, max: 64, now: () => now, clock: () => now });
  for (let n = 1; n <= 7; n += 1) {
    now = n;
    limit.refused();
  }
  expect(limit.changes.map(({ at, from, to }) => [at, from, to])).toEqual([
    [4, 2, 1],
    [3, 4, 2],
    [2, 8, 4],
    [1, 16, 8],
  ]);
  expect(limit.changes[0]?.why).toContain('overloaded');
});

it('the order is that in which items are taken', () => {
  const queue = new PriorityQueue<{ urgency: 'visible' | 'normal'; origin: string; caller: object; name: string }>();
  const [one, two] = [{}, {}];
  for (const [name, urgency, origin, caller] of [
    ['n1', 'normal', 'x', one],
    ['n2', 'normal', 'x', one],
    ['n3', 'normal', 'x', two],
    ['n4', 'normal', 'y', one],
    ['v1', 'visible', 'x', two],
  ] as const) {
    queue.add({ name, urgency, origin, caller });
  }
  const seen = [...queue.inOrder()].map(({ name }) => name);
  const taken = Array.from({ length: 5 }, () => queue.take(() => true)?.name);
  expect(seen).toEqual(taken);
});
