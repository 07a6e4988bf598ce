import { afterEach, beforeEach, expect, test, vi } from 'vitest';

type Timing = Partial<PerformanceResourceTiming> & { deliveryType?: string };

/** Queued for the observer, not delivered yet: what `load` may find. */
let queued: Timing[] = [];

class FakeObserver {
  observe(): void {}
  takeRecords(): Timing[] {
    return queued.splice(0);
  }
}

beforeEach(() => {
  queued = [];
  vi.resetModules();
  vi.stubGlobal('PerformanceObserver', FakeObserver);
  vi.useFakeTimers({ toFake: ['setTimeout'] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function timing(more: Timing = {}): Timing {
  const served = { transferSize: 300, decodedBodySize: 100, serverTiming: [] };
  return {
    name: 'a',
    initiatorType: 'img',
    startTime: 10,
    requestStart: 110,
    responseEnd: 114.26,
    duration: 104.26,
    ...served,
    ...more,
  };
}

const serverTiming = (name: string): PerformanceServerTiming[] => [
  { name, duration: 0, description: '', toJSON: () => ({}) },
];

async function read({
  since = 10,
  isOriginal = false,
  isDownloaded = false,
  isFromCdn = false,
} = {}): Promise<unknown> {
  const { watchTimings } = await import('../../../components/client/resourceTiming.ts');
  const { readCacheStatus } = await import('../../../components/client/resourceTiming.ts');
  watchTimings();
  const status = readCacheStatus('a', { since, until: since + 5, isOriginal, isDownloaded, isFromCdn });
  await vi.runAllTimersAsync();
  return status;
}

test.each(['memory', 'disk', 's3'])('the tier %s is read from Server-Timing', async (tier) => {
  queued = [timing({ serverTiming: serverTiming(tier) })];
  expect(await read()).toEqual({ from: tier, ms: 4.3 });
});

test.each([{ deliveryType: 'cache' }, { transferSize: 0 }])(
  "%j is the browser's own cache, whatever Server-Timing was kept",
  async (more) => {
    queued = [timing({ ...more, serverTiming: serverTiming('s3') })];
    expect(await read()).toEqual({ from: 'browser', ms: 4.3 });
  },
);

test('a CDN has kept the Server-Timing of another answer', async () => {
  queued = [timing({ serverTiming: serverTiming('s3') })];
  expect(await read({ isFromCdn: true })).toEqual({ from: 'cdn', ms: 4.3 });
  queued = [timing({ deliveryType: 'cache' })];
  expect(await read({ isFromCdn: true })).toEqual({ from: 'browser', ms: 4.3 });
});

test('the wait for a connection does not count', async () => {
  queued = [timing({ requestStart: 3010, responseEnd: 3012, serverTiming: serverTiming('memory') })];
  expect(await read()).toEqual({ from: 'memory', ms: 2 });
});

test('no request since the element asked: the document had it', async () => {
  queued = [timing({ serverTiming: serverTiming('s3') })];
  expect(await read({ since: 11 })).toEqual({ from: 'browser', ms: expect.any(Number) });
});

test.each([
  ['there is none', []],
  // TypeScript's DOM says that it is always there.
  ['the browser hides it (Firefox in an insecure context)', undefined as unknown as []],
])('nothing is claimed without Server-Timing: %s', async (_name, serverTiming) => {
  queued = [timing({ serverTiming })];
  expect(await read()).toBeUndefined();
});

test('nothing is claimed of an image from before the observer, when the page’s own buffer was full', async () => {
  vi.spyOn(performance, 'getEntriesByType').mockReturnValue(Array.from({ length: 250 }, () => performance.mark('m')));
  vi.spyOn(performance, 'now').mockReturnValue(20);
  expect(await read({ since: 19 })).toBeUndefined();
  expect(await read({ since: 20 })).toMatchObject({ from: 'browser' });
});

test('nothing is claimed where there is no observer', async () => {
  vi.stubGlobal('PerformanceObserver', undefined);
  expect(await read()).toBeUndefined();
});
