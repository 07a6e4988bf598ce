import type { ErrorCode, PrefetchRequest } from '../../../plugin/protocol.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPrefetchManager } from '../../../components/client/createPrefetchManager.ts';
import type { PrefetchManager } from '../../../components/client/prefetchTypes.ts';
import { prefetchManagerOf } from '../../../components/client/prefetchManager.ts';
import { ImageCacheRequestError, type RequestErrorCode } from '../../../components/client/api.ts';
import type { PrefetchCall } from '../../../components/client/sendPrefetch.ts';
import { createSubscribable } from '../../../components/client/subscribable.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from '../cacheServer.ts';

/** One request that the manager sent, answered by the test. */
interface Sent {
  request: PrefetchRequest;
  call: PrefetchCall;
  finish(): void;
  /** Each image fails with this code, or those of the given places in the request do, and the others are downloaded. */
  fail(code: ErrorCode, places?: readonly number[]): void;
  /** There is no answer to the request as a whole. @default lost on the way */
  break(error?: Error): void;
}

function setUp(isEnabled = true) {
  const sent: Sent[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const switched = createSubscribable<void>();
  const network = { allowed: true, subscribe: switched.subscribe };
  const manager = createPrefetchManager({
    isEnabled: () => isEnabled,
    network,
    random: () => 0,
    after: (ms, run) => void timers.push({ ms, run }),
    send: (request, call) =>
      new Promise((resolve, reject) => {
        const stop = (error = new Error('aborted or lost')): void => reject(error);
        call.signal.addEventListener('abort', () => stop());
        const answer = (codeOf: (index: number) => ErrorCode | undefined): void => {
          request.images.forEach(({ s3_url }, index) => {
            const code = codeOf(index);
            const downloaded = { s3_url, status: 'downloaded', entry: entryOf('a', { size_bytes: 10 }) } as const;
            const isTransient = code === 'UPSTREAM_ERROR' || code === 'UPSTREAM_TRUNCATED';
            const error = code && { code, detail: `Says ${code}.`, ...(isTransient && { transient: true as const }) };
            call.onResult(index, error ? { s3_url, status: 'failed', error } : downloaded);
          });
          resolve();
        };
        const finish = (): void => answer(() => undefined);
        const fail: Sent['fail'] = (code, places) =>
          answer((index) => (places?.includes(index) === false ? undefined : code));
        sent.push({ request, call, finish, fail, break: stop });
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

  test('a caller that waits for a replaced job waits for the one that replaced it', async () => {
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

describe('R8: while S3 or the server is away', () => {
  const images = ['s3://b/0', 's3://b/1', 's3://b/2'];
  const urlsOf = ({ request }: Sent): string[] => request.images.map(({ s3_url }) => s3_url);
  const lost = (code: RequestErrorCode, status: number): Error =>
    new ImageCacheRequestError({ code, status, detail: 'Gone.' });

  test.each([
    'UPSTREAM_UNREACHABLE',
    'UPSTREAM_TIMEOUT',
    'UPSTREAM_THROTTLED',
    'UPSTREAM_ERROR',
    'UPSTREAM_TRUNCATED',
    'OVERLOADED',
    'ABORTED',
  ] as const)('%s: waits, says why, tries one image, and goes on with the rest when that has come', async (code) => {
    const { manager, sent, timers } = setUp();
    const done = manager.prefetchActor('1', images);
    await settle();
    sent[0]?.fail(code);
    await settle();
    const { state, reason, failures, images: counts } = manager.getProgress();
    expect(state).toBe('waiting');
    expect(reason).toMatchObject({ code, detail: `Says ${code}.` });
    expect([failures, counts]).toEqual([[], { total: 3, completed: 0, cached: 0, downloaded: 0, failed: 0 }]);
    expect(sent).toHaveLength(1);
    expect(timers.map(({ ms }) => ms)).toEqual([1_000]);

    timers[0]?.run();
    await settle();
    expect(sent.slice(1).map(urlsOf)).toEqual([['s3://b/0']]);
    expect(manager.getProgress(), 'nothing has come yet').toMatchObject({ state: 'waiting', reason: { code } });
    sent[1]?.finish();
    await settle();
    expect(urlsOf(sent[2] ?? expect.fail())).toEqual(['s3://b/1', 's3://b/2']);
    expect(manager.getProgress().state).toBe('running');
    expect(manager.getProgress().reason).toBeUndefined();
    sent[2]?.finish();
    expect(await done).toMatchObject({ state: 'done', downloaded: 3, failed: 0 });
  });

  test('waits 1 s, 2 s, 4 s … 30 s, and 1 s again after something has come', async () => {
    const { manager, sent, timers } = setUp();
    void manager.prefetchActor('1', images);
    await settle();
    for (let round = 0; round < 200; round += 1) {
      sent[round]?.fail('UPSTREAM_UNREACHABLE');
      await settle();
      timers.at(-1)?.run();
      await settle();
    }
    const waits = timers.map(({ ms }) => ms);
    expect(waits.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(waits, 'it is never given up').toHaveLength(200);
    sent[200]?.finish();
    await settle();
    sent[201]?.fail('UPSTREAM_UNREACHABLE');
    await settle();
    expect(timers.at(-1)?.ms).toBe(1_000);
  });

  test.each([
    'UPSTREAM_NOT_FOUND',
    'UPSTREAM_FORBIDDEN',
    'UPSTREAM_EXPIRED',
    'NOT_AN_IMAGE',
    'HOST_NOT_ALLOWED',
  ] as const)('%s is failed at once, and nothing waits for it', async (code) => {
    const { manager, sent } = setUp();
    const done = manager.prefetchActor('1', images);
    await settle();
    sent[0]?.fail(code, [1]);
    expect(await done).toMatchObject({ state: 'failed', downloaded: 2, failed: 1 });
    expect(manager.getProgress()).toMatchObject({ state: 'idle', failures: [{ code, s3_url: 's3://b/1' }] });
  });

  test('what is cached does not say that S3 is back: the waits grow all the same', async () => {
    const { manager, sent, timers } = setUp();
    const actors = ['1', '2', '3', '4'].map((id) => ({ id, images: [`s3://b/${id}/cached`, `s3://b/${id}/a`] }));
    manager.startPrefetch(actors);
    const waits: number[] = [];
    let answered = 0;
    for (let round = 0; round < 30; round += 1) {
      await settle();
      for (const { request, call, fail } of sent.slice(answered)) {
        answered += 1;
        const places = request.images.flatMap(({ s3_url }, index) => (s3_url.endsWith('cached') ? [] : [index]));
        for (const [index, { s3_url }] of request.images.entries()) {
          if (!places.includes(index)) call.onResult(index, { s3_url, status: 'cached', entry: entryOf('a') });
        }
        fail('UPSTREAM_UNREACHABLE', places);
      }
      await settle();
      timers.splice(0).forEach(({ ms, run }) => {
        if (ms !== 100) waits.push(ms);
        run();
      });
    }
    expect(waits.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(manager.getProgress()).toMatchObject({ state: 'waiting', images: { cached: 4, failed: 0 } });
  });

  test('an answer of any kind says that the server is back', async () => {
    const { manager, sent, timers } = setUp();
    void manager.prefetchActor('1', images);
    await settle();
    sent[0]?.break();
    await settle();
    timers[0]?.run();
    await settle();
    sent[1]?.call.onResult(0, { s3_url: 's3://b/0', status: 'cached', entry: entryOf('a') });
    expect(manager.getProgress().state).toBe('running');
  });

  test('an image for which S3 has an error of its own ten times is failed, and holds up no other actor', async () => {
    const { manager, sent, timers } = setUp();
    manager.startPrefetch([{ id: '1', images: ['s3://b/bad'] }, actor('2')]);
    for (let round = 0; round < 40 && manager.getProgress().state !== 'idle'; round += 1) {
      await settle();
      const last = sent.at(-1);
      if (urlsOf(last ?? expect.fail())[0] === 's3://b/bad') last?.fail('UPSTREAM_ERROR');
      else last?.finish();
      await settle();
      for (const { run } of timers.splice(0)) run();
      await settle();
    }
    const asked = sent.map(({ request }) => request.actor_id);
    expect(asked.slice(0, 3)).toEqual(['1', '2', '1']);
    expect(asked.filter((id) => id === '1')).toHaveLength(10);
    expect(manager.getProgress()).toMatchObject({ state: 'idle', images: { downloaded: 1, failed: 1 } });
  });

  test('an error of S3 that does not pass by itself is failed at once', async () => {
    const { manager, sent } = setUp();
    const done = manager.prefetchActor('1', ['s3://b/0']);
    await settle();
    const error = { code: 'UPSTREAM_ERROR', detail: '400 InvalidArgument' } as const;
    sent[0]?.call.onResult(0, { s3_url: 's3://b/0', status: 'failed', error });
    expect(manager.getProgress()).toMatchObject({ images: { failed: 1 } });
    sent[0]?.finish();
    expect(await done).toMatchObject({ state: 'failed' });
  });

  test.each([
    ['lost on the way', new Error('lost')],
    ['refused connections', lost('UNREACHABLE', 0)],
    ['502 of a proxy', lost('UNREACHABLE', 502)],
    ['503 OVERLOADED', lost('OVERLOADED', 503)],
  ])('a server that restarts (%s) is waited for', async (_, error) => {
    const { manager, sent, timers } = setUp();
    const done = manager.prefetchActor('1', images);
    await settle();
    sent[0]?.break(error);
    await settle();
    expect(manager.getProgress()).toMatchObject({ state: 'waiting', images: { failed: 0 } });
    timers[0]?.run();
    await settle();
    sent[1]?.finish();
    await settle();
    sent[2]?.finish();
    expect(await done).toMatchObject({ state: 'done', downloaded: 3 });
  });

  test.each([
    ['a page where the API should be', lost('UNREACHABLE', 200)],
    ['404', lost('UNREACHABLE', 404)],
    ['a refusal', lost('FORBIDDEN_ORIGIN', 403)],
  ])('%s is no reason to wait', async (_, error) => {
    const { manager, sent } = setUp();
    const done = manager.prefetchActor('1', images);
    await settle();
    sent[0]?.break(error);
    expect(await done).toMatchObject({ state: 'failed', failed: 3 });
  });

  test('pause, resume, cancel and the network coming back are obeyed while it waits', async () => {
    const { manager, sent, timers, setOnline } = setUp();
    const done = manager.prefetchActor('1', images);
    await settle();
    sent[0]?.fail('UPSTREAM_UNREACHABLE');
    await settle();
    manager.pause();
    expect(manager.getProgress().state).toBe('paused');
    timers[0]?.run();
    await settle();
    expect(sent).toHaveLength(1);
    manager.resume();
    await settle();
    expect(sent, 'resume tries at once').toHaveLength(2);

    sent[1]?.fail('UPSTREAM_UNREACHABLE');
    await settle();
    setOnline(false);
    expect(manager.getProgress().state).toBe('offline');
    setOnline(true);
    await settle();
    expect(sent, 'the wait is over').toHaveLength(3);
    timers[1]?.run();
    await settle();
    expect(sent, 'and its timer does nothing more').toHaveLength(3);

    sent[2]?.fail('UPSTREAM_UNREACHABLE');
    await settle();
    manager.cancel();
    expect(await done).toMatchObject({ state: 'cancelled' });
    expect(manager.getProgress().state).toBe('idle');
    for (const { run } of timers) run();
    await settle();
    expect(sent).toHaveLength(3);
  });

  test('what is asked for after everything was cancelled does not wait for the end of the wait before it', async () => {
    const { manager, sent } = setUp();
    void manager.prefetchActor('1', images);
    await settle();
    sent[0]?.fail('UPSTREAM_UNREACHABLE');
    await settle();
    manager.cancel();
    await settle();
    void manager.prefetchActor('2', images);
    await settle();
    expect(manager.getProgress().state).toBe('running');
    expect(sent.map(urlsOf)).toEqual([images, images]);
  });

  test('1,000 images of 40 actors all come after an outage of 152 s', async () => {
    let now = 0;
    const timers: { at: number; run: () => void }[] = [];
    const requests: number[] = [];
    const manager = createPrefetchManager({
      isEnabled: () => true,
      network: { allowed: true, subscribe: () => () => {} },
      after: (ms, run) => void timers.push({ at: now + ms, run }),
      async send({ images: asked }, { onResult }) {
        requests.push(now);
        const isAway = now > 500 && now < 152_500;
        const error = { code: 'UPSTREAM_UNREACHABLE', detail: 'ECONNREFUSED' } as const;
        asked.forEach(({ s3_url }, index) =>
          onResult(
            index,
            isAway ? { s3_url, status: 'failed', error } : { s3_url, status: 'downloaded', entry: entryOf('a') },
          ),
        );
      },
    });
    manager.startPrefetch(
      Array.from({ length: 40 }, (_, id) => ({
        id: `${id}`,
        images: Array.from({ length: 25 }, (__, index) => `s3://b/${id}/${index}`),
      })),
    );
    await settle();
    while (manager.getProgress().state !== 'idle' && now < 3_600_000) {
      const next = timers.toSorted((a, b) => a.at - b.at)[0] ?? expect.fail('Nothing will ever happen.');
      timers.splice(timers.indexOf(next), 1);
      now = next.at;
      next.run();
      await settle();
    }
    expect(manager.getProgress().images).toMatchObject({ total: 1_000, downloaded: 1_000, failed: 0 });
    expect(now).toBeLessThan(152_500 + 45_000);
    expect(requests.filter((at) => at > 1_000 && at < 152_500).length, 'S3 is not bothered').toBeLessThan(15);
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

  test('while there is nothing to fetch, a change of the network changes nothing', async () => {
    const { manager, sent, setOnline } = setUp();
    const done = manager.prefetchActor('1', actor('1').images);
    await settle();
    sent[0]?.finish();
    await done;
    await settle();
    const before = manager.getProgress();
    setOnline(false);
    await settle();
    setOnline(true);
    await settle();
    expect(manager.getProgress()).toBe(before);
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

describe('results', () => {
  test('those of the last 10,000 images of settled actors are kept, and an actor is kept as a whole', async () => {
    const { manager, sent, timers } = setUp();
    const fetchAll = async (id: string, count: number): Promise<void> => {
      const images = Array.from({ length: count }, (_, index) => `s3://b/${index}`);
      manager.startPrefetch([{ id, images }]);
      while (manager.getProgress().state !== 'idle') {
        await settle();
        sent.splice(0).forEach(({ finish }) => finish());
      }
      timers.splice(0).forEach(({ run }) => run());
    };
    await fetchAll('1', 300);
    await fetchAll('2', 9_600);
    expect([manager.getResults('1').length, manager.getResults('2').length]).toEqual([300, 9_600]);
    await fetchAll('3', 200);
    expect(manager.getResults('1')).toEqual([]);
    expect([manager.getResults('2').length, manager.getResults('3').length]).toEqual([9_600, 200]);
    await fetchAll('4', 10_001);
    expect([manager.getResults('3').length, manager.getResults('4').length]).toEqual([0, 10_001]);
  });

  test('those of an actor that is under way are there as they come', async () => {
    const { manager, sent } = setUp();
    manager.startPrefetch([{ id: '1', images: ['s3://b/0', 's3://b/1'] }]);
    await settle();
    sent[0]?.call.onResult(1, { s3_url: 's3://b/1', status: 'cached', entry: entryOf('a', { size_bytes: 1 }) });
    const before = manager.getResults('1');
    expect(before).toEqual([{ s3_url: 's3://b/1', status: 'cached', bytes: 1 }]);
    sent[0]?.finish();
    await settle();
    expect(before, 'a copy').toHaveLength(1);
    expect(manager.getResults('1')).toHaveLength(2);
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

  test('counts images and bytes, says why each failure failed, and knows the images afterwards', async () => {
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
    expect(server.client.known.get(`${BUCKET}/b.jpg`).entry).toMatchObject({ filename: 'b.jpg' });
  });

  test('a cancelled request is really aborted', async () => {
    const done = manager.prefetchActor('0001', [presign('a.jpg')]);
    manager.cancel('0001');
    expect(await done).toMatchObject({ state: 'cancelled' });
    expect(manager.getProgress().failures).toEqual([]);
  });

  test('R8: a server that is gone is waited for, with the reason', async () => {
    await server.close();
    const done = manager.prefetchActor('0001', [presign('a.jpg')]);
    await vi.waitFor(() => expect(manager.getProgress().state).toBe('waiting'));
    expect(manager.getProgress().reason).toMatchObject({
      code: 'UNREACHABLE',
      hint: 'Is the server running, and `base` right?',
    });
    manager.cancel();
    expect(await done).toMatchObject({ state: 'cancelled', failed: 0 });
    server = await startCacheServer();
  });
});
