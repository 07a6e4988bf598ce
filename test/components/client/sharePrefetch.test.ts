import { expect, test, vi } from 'vitest';
import { createCacheClient } from '../../../components/client/cacheClient.ts';
import { createPrefetchManager } from '../../../components/client/createPrefetchManager.ts';
import type { PrefetchManager } from '../../../components/client/prefetchTypes.ts';
import { mergeProgress, withoutUnsettled } from '../../../components/client/prefetchProgress.ts';
import type { PrefetchCall } from '../../../components/client/sendPrefetch.ts';
import { sharePrefetch } from '../../../components/client/prefetchManager.ts';
import { createSubscribable } from '../../../components/client/subscribable.ts';
import type { Tabs } from '../../../components/client/tabs.ts';
import type { PrefetchRequest } from '../../../plugin/protocol.ts';
import { entryOf, presign } from '../cacheServer.ts';

vi.setConfig({ testTimeout: 30_000 });

/** One request that a tab sent, answered by the test. */
interface Sent {
  tab: number;
  request: PrefetchRequest;
  finish(status?: 'downloaded' | 'failed'): void;
}

/** Tabs of one browser: messages arrive as copies and later, and the lock is handed on in order, later still. */
function browser() {
  vi.stubGlobal('BroadcastChannel', EventTarget); // looked for, and never made
  vi.stubGlobal('navigator', { onLine: true, locks: {} });
  const everybody: { tab: number; hear: (message: unknown) => void }[] = [];
  const sent: Sent[] = [];
  const line: (() => void)[] = [];
  let isTaken = false;

  function next(): void {
    const run = line.shift();
    isTaken = run !== undefined;
    run?.();
  }

  function tabsOf(tab: number): Tabs {
    return {
      post(message) {
        const copy: unknown = structuredClone(message);
        queueMicrotask(() => everybody.filter((each) => each.tab !== tab).forEach(({ hear }) => hear(copy)));
      },
      subscribe: (hear) => void everybody.push({ tab, hear }),
      lead(run, until) {
        let isGranted = false;
        const turn = (): void => {
          isGranted = true;
          run();
        };
        until?.addEventListener('abort', () => {
          if (isGranted) setTimeout(next);
          else line.splice(line.indexOf(turn), 1);
        });
        line.push(turn);
        if (!isTaken) {
          isTaken = true;
          queueMicrotask(next);
        }
      },
    };
  }

  function openTab(tab: number): PrefetchManager {
    const switched = createSubscribable<void>();
    const client = createCacheClient({ baseUrl: () => '/api/cache' });
    const send = async (request: PrefetchRequest, { signal, onResult }: PrefetchCall): Promise<void> =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        const finish: Sent['finish'] = (status = 'downloaded') => {
          request.images.forEach(({ s3_url }, index) =>
            onResult(
              index,
              status === 'failed'
                ? { s3_url, status, error: { code: 'UPSTREAM_EXPIRED', detail: 'Expired.' } }
                : { s3_url, status, entry: entryOf('a', { size_bytes: 10 }) },
            ),
          );
          resolve();
        };
        sent.push({ tab, request, finish });
      });
    const settings = {
      isEnabled: () => true,
      network: { allowed: true, subscribe: switched.subscribe },
      after: (_ms: number, run: () => void) => run(),
      send,
    };
    const manager = sharePrefetch(client, settings, () => tabsOf(tab));
    manager.subscribe(() => {});
    return manager;
  }

  const asked = (): string[] => sent.map(({ tab, request }) => `${tab}:${request.actor_id}`);
  return { openTab, sent, asked };
}

/** As long as it takes on a busy machine. */
const poll = <T>(read: () => T) => expect.poll(read);
const actor = (id: string): { id: string; images: string[] } => ({ id, images: [presign(`${id}.jpg`)] });
const states = (manager: PrefetchManager): Record<string, string> =>
  Object.fromEntries(manager.getProgress().actors.map(({ id, state }) => [id, state]));

test('one tab works at a time, and all show the sum', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a'), actor('b')]);
  second.startPrefetch([actor('c')]);
  await poll(asked).toEqual(['1:a']);
  for (const tab of [first, second]) {
    await poll(() => states(tab)).toEqual({ a: 'running', b: 'queued', c: 'queued' });
  }
  sent[0]?.finish();
  await poll(asked).toEqual(['1:a', '1:b']);
  sent[1]?.finish();
  await poll(asked).toEqual(['1:a', '1:b', '2:c']);
  sent[2]?.finish();
  for (const tab of [first, second]) {
    await poll(() => tab.getProgress()).toMatchObject({ state: 'idle', completed: 3, total: 3 });
    expect(tab.getProgress().bytes).toEqual({ downloaded: 30, cached: 0 });
    expect(tab.getResults('a')).toEqual([expect.objectContaining({ status: 'downloaded', bytes: 10 })]);
  }
});

test('what another tab has just fetched is not asked for again, and who waits for it is told', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a')]);
  await poll(asked).toEqual(['1:a']);
  second.startPrefetch([{ id: 'a', images: [presign('a.jpg', 'another')] }]);
  sent[0]?.finish();
  await poll(() => second.getProgress()).toMatchObject({ state: 'idle', completed: 1, total: 1 });
  expect(asked()).toEqual(['1:a']);
});

test('neither is what was fetched before the tab had told of it', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  await new Promise((resolve) => setTimeout(resolve)); // they have met
  first.startPrefetch([actor('a')]);
  second.startPrefetch([actor('a')]);
  await vi.waitFor(() => expect(asked()).toEqual(['1:a']), { interval: 1 });
  sent[0]?.finish();
  await poll(() => second.getProgress()).toMatchObject({ state: 'idle', completed: 1, total: 1 });
  expect(asked()).toEqual(['1:a']);
  expect(second.getResults('a')).toEqual([expect.objectContaining({ status: 'downloaded' })]);
});

test('a tab that is closed takes back what it had to do, and what it has done stays', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a'), actor('b')]);
  await poll(asked).toEqual(['1:a']);
  sent[0]?.finish();
  await poll(() => states(second)).toEqual({ a: 'done', b: 'running' });
  window.dispatchEvent(new Event('pagehide'));
  await poll(() => states(second)).toEqual({ a: 'done' });
  expect(second.getResults('a')).toHaveLength(1);
  window.dispatchEvent(new Event('pageshow'));
  await poll(() => states(second)).toEqual({ a: 'done', b: 'running' });
});

test('other images of the same actor are', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a')]);
  second.startPrefetch([{ id: 'a', images: [presign('z.jpg')] }]);
  await poll(asked).toEqual(['1:a']);
  sent[0]?.finish();
  await poll(asked).toEqual(['1:a', '2:a']);
});

test('so are its changes, after another tab has only seen to it that they are cached', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a')]);
  second.startPrefetch([actor('a')], { revalidate: true });
  await poll(asked).toEqual(['1:a']);
  sent[0]?.finish();
  await poll(asked).toEqual(['1:a', '2:a']);
  expect(sent[1]?.request.revalidate).toBe(true);
});

test('so is what failed there: this tab may have a newer signature', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a')]);
  second.startPrefetch([actor('a')]);
  await poll(asked).toEqual(['1:a']);
  sent[0]?.finish('failed');
  await poll(asked).toEqual(['1:a', '2:a']);
});

test('what is urgent in one tab does not wait for another', async () => {
  const { openTab, asked, sent } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a')]);
  await poll(asked).toEqual(['1:a']);
  const urgent = second.prefetchActor('now', actor('now').images);
  await poll(asked).toEqual(['1:a', '2:now']);
  sent[1]?.finish();
  expect(await urgent).toMatchObject({ state: 'done', results: [{ status: 'downloaded' }] });
});

test('pause, resume and cancel are for all tabs, and for those that come later', async () => {
  const { openTab, sent, asked } = browser();
  const [first, second] = [openTab(1), openTab(2)];
  first.startPrefetch([actor('a'), actor('b')]);
  await poll(asked).toEqual(['1:a']);
  second.pause();
  await poll(() => first.getProgress().state).toBe('paused');
  const third = openTab(3);
  await poll(() => states(third)).toEqual({ a: 'running', b: 'queued' });
  expect(third.getProgress().state).toBe('paused');
  sent[0]?.finish();
  await poll(() => states(third)).toEqual({ a: 'done', b: 'queued' });
  expect(asked()).toEqual(['1:a']);
  await new Promise((resolve) => setTimeout(resolve, 300)); // tabs tell of themselves every 250 ms
  third.resume();
  expect(third.getProgress().state).toBe('running');
  await poll(asked).toEqual(['1:a', '1:b']);
  second.cancel('b');
  await poll(() => states(first)).toEqual({ a: 'done', b: 'cancelled' });
  await poll(() => states(third)).toEqual({ a: 'done', b: 'cancelled' });
  // What a tab without work of its own had said, that it is paused, is taken back.
  for (const tab of [first, second, third]) await poll(() => tab.getProgress().state).toBe('idle');
});

test('R8: what one tab waits for is shown in all, also while others wait for their turn', () => {
  const manager = createPrefetchManager({ isEnabled: () => true, send: async () => {} });
  const idle = manager.getProgress();
  const reason = { code: 'UPSTREAM_UNREACHABLE', detail: 'S3 cannot be reached.' } as const;
  const waiting = { ...idle, state: 'waiting', reason } as const;
  const running = { ...idle, state: 'running' } as const;
  expect(mergeProgress(running, [waiting])).toMatchObject({ state: 'waiting', reason });
  expect(mergeProgress(waiting, [running])).toMatchObject({ state: 'waiting', reason });
  expect(mergeProgress({ ...idle, state: 'paused' }, [waiting]).reason).toBeUndefined();
  expect(withoutUnsettled(waiting), 'the tab was closed').toEqual({ ...idle });
});
