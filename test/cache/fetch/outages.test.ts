import { describe, expect, it } from 'vitest';
import { ImageCacheError } from '../../../plugin/errors.ts';
import { Outages } from '../../../plugin/cache/fetch/outages.ts';
import type { ImageRef } from '../../../plugin/cache/index.ts';

const AWAY = new ImageCacheError('UPSTREAM_UNREACHABLE', 'No answer.');
const NO_CREDENTIALS = new ImageCacheError('UPSTREAM_FORBIDDEN', 'There are no credentials.', { mayPass: true });
const GONE = new ImageCacheError('UPSTREAM_NOT_FOUND', 'No such key.');

const image = (name: string, origin = 's3'): ImageRef => ({ key: `${origin}/${name}`, filename: name, origin });

/** A server that fails as long as `fault` is set, and a clock that is turned by hand. */
function setUp() {
  let time = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  const asked: string[] = [];
  const state = { fault: AWAY as Error | 'hangs' | undefined, isHeard: true, recovered: 0 };
  const outages = new Outages<ImageRef>({
    isHeard: () => state.isHeard,
    onRecovered: () => (state.recovered += 1),
    now: () => time,
    after(ms, run) {
      const timer = { at: time + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    source: {
      async download(ref, sink, signal) {
        asked.push(ref.key);
        const { fault } = state;
        if (fault === 'hangs') {
          await new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
        }
        if (fault instanceof Error) throw fault;
        const metadata = { etag: '"e"', contentType: 'image/jpeg' };
        sink.begin(metadata);
        return metadata;
      },
    },
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds * 10; n += 1) {
      time += 100;
      for (const timer of Array.from(timers)) if (timer.at <= time && timers.delete(timer)) timer.run();
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
  };
  return { outages, state, asked, pass, timers };
}

describe('the end of an outage', () => {
  it.each([
    ['S3 cannot be reached', AWAY],
    ['S3 asks to slow down', new ImageCacheError('UPSTREAM_THROTTLED', 'Slow down.')],
    ['S3 does not answer in time', new ImageCacheError('UPSTREAM_TIMEOUT', 'Too late.')],
    ['there are no credentials', NO_CREDENTIALS],
  ])('is noticed within eight seconds, and told once: %s', async (_, fault) => {
    const { outages, state, pass, timers } = setUp();
    state.fault = fault;
    outages.failed(image('a.jpg'), fault);
    outages.failed(image('b.jpg'), fault);
    await pass(100);
    expect(state.recovered).toBe(0);
    state.fault = undefined;
    await pass(8);
    expect(state.recovered).toBe(1);
    await pass(100);
    expect(state.recovered).toBe(1);
    expect(timers.size).toBe(0);
  });

  it('also if S3 hangs instead of failing', async () => {
    const { outages, state, pass } = setUp();
    state.fault = 'hangs';
    outages.failed(image('a.jpg'), AWAY);
    await pass(60);
    state.fault = undefined;
    await pass(9);
    expect(state.recovered).toBe(1);
  });

  it('is also any definite answer, such as that the object is not there', async () => {
    const { outages, state, pass } = setUp();
    outages.failed(image('a.jpg'), AWAY);
    state.fault = GONE;
    await pass(2);
    expect(state.recovered).toBe(1);
  });

  it('is noticed at once when an image that had failed arrives for somebody else', async () => {
    const { outages, state, pass, asked } = setUp();
    outages.failed(image('a.jpg'), AWAY);
    outages.succeeded(image('other.jpg'));
    expect(state.recovered).toBe(0);
    outages.succeeded(image('a.jpg'));
    expect(state.recovered).toBe(1);
    await pass(10);
    expect(asked).toEqual([]);
  });

  it('what has failed for good is none', async () => {
    const { outages, asked, pass, timers } = setUp();
    outages.failed(image('a.jpg'), GONE);
    outages.failed(image('a.jpg'), new ImageCacheError('UPSTREAM_FORBIDDEN', 'Access denied.'));
    await pass(10);
    expect([asked.length, timers.size]).toEqual([0, 0]);
  });
});

describe('asking', () => {
  it('costs one small request in a few seconds, about one image after the other', async () => {
    const { outages, asked, pass } = setUp();
    for (let n = 0; n < 100; n += 1) outages.failed(image(`${n}.jpg`), AWAY);
    await pass(60);
    expect(asked.length).toBeLessThan(17);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked[0]).toBe('s3/80.jpg'); // of the last twenty
  });

  it('servers are apart: one that is away does not hide that another one answers', async () => {
    const { outages, state, pass } = setUp();
    outages.failed(image('a.jpg', 's3'), AWAY);
    outages.failed(image('a.jpg', 'minio'), AWAY);
    outages.succeeded(image('a.jpg', 'minio'));
    expect(state.recovered).toBe(1);
    state.fault = undefined;
    await pass(2);
    expect(state.recovered).toBe(2);
  });

  it('nothing is asked while no page would be told', async () => {
    const { outages, state, asked, pass } = setUp();
    state.isHeard = false;
    outages.failed(image('a.jpg'), AWAY);
    await pass(30);
    expect(asked).toEqual([]);
    state.isHeard = true;
    await pass(5);
    expect(asked).not.toEqual([]);
  });

  it('ends when nobody has wanted an image for an hour, and when the cache is closed', async () => {
    const { outages, asked, pass, timers } = setUp();
    outages.failed(image('a.jpg'), AWAY);
    await pass(3610);
    const { length } = asked;
    await pass(60);
    expect([asked.length - length, timers.size]).toEqual([0, 0]);
    outages.failed(image('a.jpg'), AWAY);
    await outages.close();
    expect(timers.size).toBe(0);
    outages.failed(image('a.jpg'), AWAY);
    expect(timers.size).toBe(0);
  });

  it('an image that fails each time although its server answers is tried again ever more rarely', async () => {
    const { outages, state, pass } = setUp();
    state.fault = undefined;
    const ends: number[] = [];
    for (let second = 0; second < 600; second += 1) {
      outages.failed(image('large.jpg'), new ImageCacheError('UPSTREAM_TIMEOUT', 'Too late.'));
      const before = state.recovered;
      await pass(1);
      if (state.recovered > before) ends.push(second);
    }
    expect(ends.length).toBeLessThan(9);
    expect((ends.at(-1) ?? 0) - (ends.at(-2) ?? 0)).toBeGreaterThan(100);
  });
});
