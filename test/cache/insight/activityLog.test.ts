import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ActivityLog } from '../../../plugin/cache/insight/activityLog.ts';
import { openCache } from '../../helpers/cache.ts';

const miss = (n: number) => ({ s3_url: `mem:${n}`, outcome: 'MISS', tier: 's3' }) as const;

function createLog(watchedMs?: number): ActivityLog {
  const log = new ActivityLog(() => 1000, watchedMs);
  onTestFinished(() => log.close());
  return log;
}

describe('the last answers', () => {
  it('are told from the number that the page has', () => {
    const log = createLog();
    for (let n = 1; n <= 5; n += 1) log.record(miss(n));
    expect(log.poll(3)).toEqual({
      activity: [
        { seq: 4, at: 1000, ...miss(4) },
        { seq: 5, at: 1000, ...miss(5) },
      ],
      dropped: 0,
    });
    expect(log.poll(5)).toEqual({ activity: [], dropped: 0 });
  });

  it('are at most 200 at a time, and say how many are missing', () => {
    const log = createLog();
    for (let n = 1; n <= 5000; n += 1) log.record(miss(n));
    const { activity, dropped } = log.poll(1000);
    expect([activity.length, activity[0]?.seq, activity.at(-1)?.seq, dropped]).toEqual([200, 4801, 5000, 3800]);
    expect(log.of('mem:5000')).toHaveLength(1);
    expect(log.of('mem:1')).toEqual([]);
  });

  it('a number of before a restart counts as none', () => {
    const log = createLog();
    log.record(miss(1));
    expect(log.poll(77)).toMatchObject({ activity: [{ seq: 1 }], dropped: 0 });
  });
});

describe('hits in memory', () => {
  const read = async () => {
    const opened = await openCache();
    const { entry } = await opened.cache.readUrl('mem:x');
    return { ...opened, hit: () => opened.cache.peek(entry.local_path) };
  };

  it('are not recorded while nobody is watching', async () => {
    const { cache, hit } = await read();
    for (let n = 0; n < 3; n += 1) hit();
    expect((await cache.insight.live(undefined)).activity).toEqual([]);
  });

  it('are one row an image while a page is watching, with their number', async () => {
    const { cache, hit } = await read();
    await cache.insight.live(undefined);
    for (let n = 0; n < 3; n += 1) hit();
    const { activity, seq } = await cache.insight.live(0);
    expect(activity).toMatchObject([{ s3_url: 'mem:x', outcome: 'HIT', tier: 'memory', count: 3 }]);
    expect(activity[0]).not.toHaveProperty('duration_ms');
    hit();
    expect((await cache.insight.live(seq)).activity).toMatchObject([{ s3_url: 'mem:x' }]);
  });

  it('a page that has not asked for ten seconds is gone', async () => {
    const log = createLog(5);
    log.poll(undefined);
    expect(log.isWatched).toBe(true);
    await vi.waitFor(() => expect(log.isWatched).toBe(false));
  });

  it('cost no clock and no row, with the page open: only a count', async () => {
    const { cache, hit } = await read();
    const clocks = [vi.spyOn(performance, 'now'), vi.spyOn(Date, 'now')];
    onTestFinished(() => clocks.forEach((spy) => spy.mockRestore()));
    const record = vi.spyOn(ActivityLog.prototype, 'record');
    onTestFinished(() => record.mockRestore());
    const readsOf = (task: () => void) => {
      for (const spy of clocks) spy.mockClear();
      for (let n = 0; n < 100; n += 1) task();
      return clocks.map(({ mock }) => mock.calls.length);
    };
    const closed = readsOf(hit);
    await cache.insight.live(undefined);
    record.mockClear();
    expect(readsOf(hit)).toEqual(closed);
    expect(record).not.toHaveBeenCalled();
  });
});
