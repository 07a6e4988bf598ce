import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenToServer } from '../../../components/client/listenToServer.ts';
import { BUCKET, type CacheServer, entryOf, startCacheServer } from '../cacheServer.ts';

/** jsdom has none. */
class FakeEventSource extends EventTarget {
  static newest: FakeEventSource | undefined;

  constructor() {
    super();
    FakeEventSource.newest = this;
  }

  close(): void {}

  say(type: string, lastEventId: string): void {
    this.dispatchEvent(new MessageEvent(type, { data: '{}', lastEventId }));
  }
}

let server: CacheServer;
let stop: AbortController;
/** Milliseconds since the page was opened. */
let now: number;
beforeEach(async () => {
  server = await startCacheServer();
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  stop = new AbortController();
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubGlobal('EventSource', FakeEventSource);
  listenToServer(server.client, server.base, stop.signal);
});
afterEach(async () => {
  stop.abort();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await server.close();
});

const source = (): FakeEventSource => {
  if (!FakeEventSource.newest) throw new Error('There is no connection.');
  return FakeEventSource.newest;
};
const resyncs = (count: number): Promise<void> => vi.waitFor(() => expect(server.lookups).toHaveLength(count));

test('the first connection of a page that has just been opened asks nothing again, a reset does', async () => {
  source().say('ready', 'a-1');
  source().say('reset', 'a-2');
  await resyncs(1);
});

test('a connection that is lost and comes back with an event to begin after asks nothing again', async () => {
  source().say('ready', 'a-1');
  now = 60_000;
  source().say('ready', 'a-1');
  source().say('reset', 'a-2');
  await resyncs(1);
});

test('that S3 answers again is told to the page within a second, and nothing is asked again', async () => {
  const heard = vi.fn();
  addEventListener('image-cache:recovered', heard, { signal: stop.signal });
  source().say('ready', 'a-1');
  source().say('recovered', 'a-2');
  await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce(), { timeout: 3_000 });
  expect(server.lookups).toEqual([]);
});

test('a first connection that was long in coming asks again about all that is known', async () => {
  now = 60_000;
  source().say('ready', 'a-1');
  await resyncs(1);
  expect(server.lookups[0]?.urls).toEqual([`${BUCKET}/a.jpg`]);
});
