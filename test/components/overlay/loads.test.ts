import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { observeLoads } from '../../../components/overlay/loads.ts';

type Timing = Partial<PerformanceResourceTiming> & { deliveryType?: string };

/** What the browser would report next. */
let queued: Timing[] = [];
let disconnected = 0;

class FakeObserver {
  observe(): void {}
  takeRecords(): Timing[] {
    return queued.splice(0);
  }
  disconnect(): void {
    disconnected += 1;
  }
}

const tier = (...names: string[]): PerformanceServerTiming[] =>
  names.map((name) => ({ name, duration: 0, description: '', toJSON: () => ({}) }));

function timing(more: Timing = {}): Timing {
  const served = { transferSize: 300, decodedBodySize: 100, serverTiming: tier('disk') };
  return { name: 'a', initiatorType: 'img', requestStart: 110, responseEnd: 114, duration: 104, ...served, ...more };
}

beforeEach(() => {
  queued = [];
  disconnected = 0;
  vi.stubGlobal('PerformanceObserver', FakeObserver);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('what is known of a load', () => {
  it.each([
    ['the tier of the server', {}, { from: 'disk', ms: 4, isSimulated: false }],
    ["the browser's cache, whatever was kept of the answer", { transferSize: 0 }, { from: 'browser' }],
    ['a preload', { initiatorType: 'link' }, { from: 'disk' }],
    ['nothing without Server-Timing', { serverTiming: tier() }, { from: undefined, ms: 4 }],
    ['that it was simulated', { serverTiming: tier('s3', 'simulated') }, { from: 's3', isSimulated: true }],
  ])('%s', (_, more, load) => {
    queued = [timing(more)];
    expect(observeLoads(() => {}).of('a')).toMatchObject(load);
  });

  it('the last one counts', () => {
    const loads = observeLoads(() => {});
    queued = [timing({ serverTiming: tier('s3') })];
    expect(loads.of('a').from).toBe('s3');
    queued = [timing({ serverTiming: tier('memory') })];
    expect(loads.of('a').from).toBe('memory');
  });

  it('a URL that was never requested was in the document, unless its request may have been missed', () => {
    expect(observeLoads(() => {}).of('a')).toEqual({ from: 'browser' });
    vi.spyOn(performance, 'getEntriesByType').mockReturnValue(Array.from({ length: 250 }, () => performance.mark('m')));
    expect(observeLoads(() => {}).of('a')).toEqual({ from: undefined });
  });

  it('the oldest of too many is forgotten', () => {
    const loads = observeLoads(() => {});
    queued = Array.from({ length: 5_001 }, (_, n) => timing({ name: `${n}` }));
    expect([loads.of('0').ms, loads.of('1').ms]).toEqual([undefined, 4]);
  });

  it('scripts and calls of the page wake nobody', () => {
    const onLoad = vi.fn<() => void>();
    const loads = observeLoads(onLoad);
    queued = [timing({ initiatorType: 'script' }), timing({ initiatorType: 'fetch' })];
    loads.of('a');
    expect(onLoad).not.toHaveBeenCalled();
    loads.stop();
    expect(disconnected).toBe(1);
  });
});
