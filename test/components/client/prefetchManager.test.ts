import type { PrefetchRequest } from '../../../plugin/protocol.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPrefetchManager, type PrefetchManager } from '../../../components/client/createPrefetchManager.ts';
import { prefetchManagerOf } from '../../../components/client/prefetchManager.ts';
import type { PrefetchCall } from '../../../components/client/sendPrefetch.ts';
import { createSubscribable } from '../../../components/client/subscribable.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from '../cacheServer.ts';

/** One request that the manager sent, answered by the test. */
interface Sent {
  request: PrefetchRequest;
  call: PrefetchCall;
  finish(): void;
  break(): void;
}

function setUp(isEnabled = true) {
  const sent: Sent[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const switched = createSubscribable<void>();
  const network = { allowed: true, subscribe: switched.subscribe };
  const manager = createPrefetchManager({
    isEnabled: () => isEnabled,
    network,
    after: (ms, run) => void timers.push({ ms, run }),
    send: (request, call) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(new Error('aborted or lost'));
        call.signal.addEventListener('abort', stop);
        const finish = (): void => {
          request.images.forEach(({ s3_url }, index) => {
            call.onResult(index, { s3_url, status: 'downloaded', entry: entryOf('a', { size_bytes: 10 }) });
          });
          resolve();
        };
        sent.push({ request, call, finish, break: stop });
      }),
  });
  return {
    manager,
    sent,
    timers,
    ids: () => sent.map(({ request }) => request.actor_id),
    states: (): Record<string, string> =>
      Object.fromEntries(manager.getProgress().actors.map(({ id, state }) => [id, state])),
    setOnline(allowed: boolean) {
      network.allowed = allowed;
      switched.emit();
    },
  };
}

const actor = (id: string): { id: string; images: string[] } => ({ id, images: [presign(`${id}.jpg`)] });
/** Lets everything that is due now happen. */
const settle = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('order', () => {
  test('one actor at a time, 100 ms apart', async () => {
    const { manager, sent, timers, ids } = setUp();
    manager.startPrefetch([actor('1'), actor('2')]);
    await settle();
    expect(ids()).toEqual(['1']);
    sent[0]?.finish();
    await settle();
    expect(ids()).toEqual(['1']);
    expect(timers.map(({ ms }) => ms)).toEqual([100]);
    timers[0]?.run();
    expect(ids()).toEqual(['1', '2']);
  });

  test('prefetchActor overtakes the queue at once, while a normal actor runs', async () => {
    const { manager, sent, timers, ids } = setUp();
    manager.startPrefetch([actor('1'), actor('2'), actor('3')]);
    await settle();
    const done = manager.prefetchActor('3', actor('3').images);
    await settle();
    expect(ids()).toEqual(['1', '3']);
    expect(sent.map(({ request }) => request.priority)).toEqual(['normal', 'high']);
    expect(manager.getProgress().current).toEqual(['1', '3']);

    sent[0]?.finish();
    await settle();
    timers[0]?.run();
    expect(ids(), 'no normal actor starts beside a high one').toEqual(['1', '3']);
    sent[1]?.finish();
    expect(await done).toMatchObject({ id: '3', state: 'done', completed: 1, downloaded: 1, bytes: 10 });
    await settle();
    expect(ids()).toEqual(['1', '3', '2']);
  });

  test('starting twice in a tick (StrictMode) sends once', async () => {
    const { manager, ids } = setUp();
    manager.startPrefetch([actor('1')]);
    manager.startPrefetch([actor('1')]);
    await settle();
    manager.startPrefetch([actor('1')]);
    await settle();
    expect(ids()).toEqual(['1']);
    expect(manager.getProgress().total).toBe(1);
  });

  test('a queued actor gets the new images; a settled one runs again', async () => {
    const { manager, sent, ids } = setUp();
    manager.pause();
    manager.startPrefetch([actor('1')]);
    manager.startPrefetch([{ id: '1', images: ['s3://b/new'] }]);
    manager.resume();
    await settle();
    expect(sent[0]?.request.images).toEqual([{ s3_url: 's3://b/new' }]);
    sent[0]?.finish();
    await settle();
    void manager.prefetchActor('1', ['s3://b/again']);
    await settle();
    expect(ids()).toEqual(['1', '1']);
  });

  test('whether images have changed is asked when wanted, with every request', async () => {
    const { manager, sent } = setUp();
    const images = Array.from({ length: 251 }, (_, index) => `s3://b/${index}`);
    const done = manager.prefetchActor('1', images, { revalidate: true });
    await settle();
    const stale = { code: 'UPSTREAM_EXPIRED', detail: 'Expired.' } as const;
    sent[0]?.call.onResult(0, { s3_url: 's3://b/0', status: 'cached', entry: entryOf('a', { size_bytes: 1 }), stale });
    sent[0]?.finish();
    await settle();
    sent[1]?.finish();
    expect(sent.map(({ request }) => request.revalidate)).toEqual([true, true]);
    const { results } = await done;
    expect(results[0]).toEqual({ s3_url: 's3://b/0', status: 'cached', bytes: 1, stale });
    expect(results[1]).not.toHaveProperty('stale');
  });

  test('an actor that is queued to look for changes still does when it is queued again', async () => {
    const { manager, sent } = setUp();
    manager.startPrefetch([actor('1')], { revalidate: true });
    manager.startPrefetch([actor('1')]);
    await settle();
    expect(sent[0]?.request.revalidate).toBe(true);
    sent[0]?.finish();
    await settle();
    void manager.prefetchActor('1', actor('1').images);
    await settle();
    expect(sent[1]?.request.revalidate, 'a settled one does not').toBeUndefined();
  });

  test('a large actor goes out in requests of 250 images', async () => {
    const { manager, sent } = setUp();
    const done = manager.prefetchActor(
      '1',
      Array.from({ length: 501 }, (_, index) => `s3://b/${index}`),
    );
    for (const expected of [250, 250, 1]) {
      await settle();
      expect(sent.at(-1)?.request.images).toHaveLength(expected);
      sent.at(-1)?.finish();
    }
    expect(await done).toMatchObject({ total: 501, completed: 501 });
  });
});

describe('holding up', () => {
  test('pause lets the request in flight finish and sends nothing more until resume', async () => {
    const { manager, sent, timers, ids, states } = setUp();
    manager.startPrefetch([actor('1'), actor('2')]);
    await settle();
    manager.pause();
    expect(manager.getProgress().state).toBe('paused');
    sent[0]?.finish();
    await settle();
    timers[0]?.run();
    expect(states()).toEqual({ 1: 'done', 2: 'queued' });
    expect(ids()).toEqual(['1']);
    manager.resume();
    await settle();
    expect(ids()).toEqual(['1', '2']);
  });

  test('offline, what has no result yet waits; online, it alone is sent again', async () => {
    const { manager, sent, setOnline, states } = setUp();
    const images = ['s3://b/0', 's3://b/1', 's3://b/2'];
    const done = manager.prefetchActor('1', images);
    await settle();
    const entry = entryOf('a');
    sent[0]?.call.onResult(1, { s3_url: 's3://b/1', status: 'cached', entry });
    setOnline(false);
    sent[0]?.break();
    await settle();
    expect(manager.getProgress().state).toBe('offline');
    expect(states()).toEqual({ 1: 'queued' });
    setOnline(true);
    await settle();
    expect(sent[1]?.request.images).toEqual([{ s3_url: 's3://b/0' }, { s3_url: 's3://b/2' }]);
    sent[1]?.finish();
    expect(await done).toMatchObject({ state: 'done', cached: 1, downloaded: 2, failed: 0 });
  });

  test('cancel aborts the request and settles the promise; other actors go on', async () => {
    const { manager, sent, timers, ids } = setUp();
    const done = manager.prefetchActor('1', actor('1').images);
    manager.startPrefetch([actor('2'), actor('3')]);
    await settle();
    manager.cancel('1');
    expect(await done).toMatchObject({ state: 'cancelled' });
    expect(sent[0]?.call.signal.aborted).toBe(true);
    await settle();
    expect(ids()).toEqual(['1', '2']);
    manager.cancel();
    await settle();
    timers.forEach(({ run }) => run());
    await settle();
    expect(ids()).toEqual(['1', '2']);
    expect(manager.getProgress()).toMatchObject({ state: 'idle', total: 0, completed: 0, current: [] });
  });

  test('whoever waits for a replaced job waits for the one that replaced it', async () => {
    const { manager, sent } = setUp();
    const first = manager.prefetchActor('1', ['s3://b/0']);
    await settle();
    const second = manager.prefetchActor('1', ['s3://b/1', 's3://b/2']);
    await settle();
    expect(sent[0]?.call.signal.aborted).toBe(true);
    sent[1]?.finish();
    expect(await first).toEqual(await second);
    expect(await first).toMatchObject({ total: 2, completed: 2 });
  });

  test('without a server nothing is sent and nothing hangs', async () => {
    const { manager, sent } = setUp(false);
    manager.startPrefetch([actor('1')]);
    expect(await manager.prefetchActor('2', ['s3://b/0'])).toMatchObject({ state: 'cancelled', completed: 0 });
    expect(sent).toEqual([]);
    expect(manager.getProgress()).toMatchObject({ state: 'idle', total: 0 });
  });
});

describe('progress', () => {
  test('is the same object until something changes', async () => {
    const { manager } = setUp();
    const before = manager.getProgress();
    expect(manager.getProgress()).toBe(before);
    manager.startPrefetch([actor('1')]);
    expect(manager.getProgress()).not.toBe(before);
    expect(manager.getProgress()).toMatchObject({ state: 'running', completed: 0, total: 1 });
  });

  test('listeners hear of a burst of results once', async () => {
    const { manager, sent } = setUp();
    void manager.prefetchActor('1', ['s3://b/0', 's3://b/1', 's3://b/2']);
    await settle();
    const listener = vi.fn();
    manager.subscribe(listener);
    sent[0]?.call.onResult(0, { s3_url: 's3://b/0', status: 'cached', entry: entryOf('a') });
    sent[0]?.call.onResult(1, { s3_url: 's3://b/1', status: 'cached', entry: entryOf('a') });
    await settle();
    expect(listener).toHaveBeenCalledOnce();
    expect(listener.mock.lastCall?.[0]).toMatchObject({ images: { total: 3, completed: 2, cached: 2 } });
  });
});

describe('against a server', () => {
  let server: CacheServer;
  let manager: PrefetchManager;
  beforeEach(async () => {
    server = await startCacheServer();
    manager = prefetchManagerOf(server.client);
  });
  afterEach(() => server.close());

  test('counts images and bytes, says why each failure failed, and fills the registry', async () => {
    server.cached.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
    const images = [presign('a.jpg'), { s3_url: presign('b.jpg'), filename: 'B' }, presign('missing.jpg')];
    const result = await manager.prefetchActor('0001', images);
    expect(result).toMatchObject({ state: 'failed', total: 3, completed: 3, cached: 1, downloaded: 1, failed: 1 });
    expect(manager.getProgress()).toMatchObject({
      completed: 1,
      total: 1,
      images: { total: 3, completed: 3, cached: 1, downloaded: 1, failed: 1 },
      bytes: { cached: 1_000, downloaded: 1_000 },
      failures: [
        {
          actor_id: '0001',
          s3_url: `${BUCKET}/missing.jpg`,
          code: 'UPSTREAM_NOT_FOUND',
          detail: 'No such key.',
          hint: 'Was it deleted?',
        },
      ],
    });
    expect(server.client.registry.get(`${BUCKET}/b.jpg`).entry).toMatchObject({ filename: 'b.jpg' });
  });

  test('a cancelled request is really aborted', async () => {
    const done = manager.prefetchActor('0001', [presign('a.jpg')]);
    manager.cancel('0001');
    expect(await done).toMatchObject({ state: 'cancelled' });
    expect(manager.getProgress().failures).toEqual([]);
  });

  test('a server that is gone fails every image with its reason', async () => {
    await server.close();
    expect(await manager.prefetchActor('0001', [presign('a.jpg')])).toMatchObject({ state: 'failed', failed: 1 });
    expect(manager.getProgress().failures).toMatchObject([{ s3_url: `${BUCKET}/a.jpg`, code: 'UNREACHABLE' }]);
    server = await startCacheServer();
  });
});
