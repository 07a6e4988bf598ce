import { describe, expect, it, vi } from 'vitest';
import { expectStored, expectVersion, imagesIn, openTwo, stopped } from '../helpers/sharedDirectory.ts';
import { slowness } from '../helpers/slowness.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, which take a while to be started

/** What a process has known for so long is looked at once more before it is served. */
const IDLE_MS = 1200;

describe('R1: a slow download of v1, an invalidation, and v2 stored by another process', () => {
  it.each(['first byte', 'last byte'] as const)(
    'held before its %s, it is never served under the entry of v2',
    async (gate) => {
      const { a, b, origin } = await openTwo();
      await b.call('lookup', 'photo');
      const held = origin.hold(gate);
      const slow = a.call('readUrl', 'photo');
      await held.reached;
      await b.call('invalidate', 'photo');
      origin.change('photo');
      await b.call('readUrl', 'photo');
      await a.call('stats'); // by which it hears of v2 before its own download ends
      held.release();
      const first = await slow;
      expect(first.sha256).toBe(first.entry.sha256);
      await expectVersion(a, 2);
      await expectVersion(b, 2);
      expect((await a.call('verify')).damaged).toBe(0);
      await expectVersion(a, 2);
    },
  );
});

describe('R2: a download runs when its image is removed, and the removal is acknowledged', () => {
  it.each(['invalidate', 'clear'] as const)('%s: who comes later gets a download of their own', async (removal) => {
    const { a, b, origin } = await openTwo();
    for (const remover of [a, b]) {
      const name = remover === a ? 'ours' : 'theirs';
      const held = origin.hold('last byte');
      const slow = a.call('readUrl', name);
      await held.reached;
      await (removal === 'clear' ? remover.call('clear') : remover.call('invalidate', name));
      origin.change(name);
      await expectVersion(a, 2, name);
      held.release();
      await slow;
      await expectVersion(a, 2, name);
    }
  });

  it.each(['invalidate', 'clear'] as const)('%s: a prefetch that says downloaded has stored it', async (removal) => {
    const { a, origin } = await openTwo();
    const held = origin.hold('last byte');
    const prefetch = a.call('prefetch', 'photo');
    await held.reached;
    await (removal === 'clear' ? a.call('clear') : a.call('invalidate', 'photo'));
    origin.change('photo');
    held.release();
    expect((await prefetch).status).toBe('downloaded');
    await expectStored(a, 'photo');
    await expectVersion(a, 2);
  });
});

describe('R3: a process that has looked at nothing for a while, when another one clears', () => {
  it.each([
    [25, 'idles'],
    [240, 'idles'],
    [25, 'is stopped'],
    [240, 'is stopped'],
  ] as const)('none of a burst of %i readers is served what was cleared, after it %s', async (count, how) => {
    const { a, b, origin } = await openTwo();
    await a.call('readUrl', 'photo');
    await a.call('idle', IDLE_MS);
    if (how === 'is stopped') a.stop();
    await b.call('clear');
    origin.change('photo');
    if (how === 'is stopped') a.wake();
    const burst = await a.call('burst', 'photo', count);
    expect(burst.map(({ version }) => version)).toEqual(Array.from({ length: count }, () => 2));
  });
});

describe('R4: a process that is killed or stopped between two steps', () => {
  it('killed between rename and journal line: the image that was then invalidated is not adopted', async () => {
    const { a, b, origin, start, dir } = await openTwo();
    await b.call('lookup', 'photo');
    await a.call('dieAt', 'between image rename and journal line');
    await expect(a.call('readUrl', 'photo')).rejects.toThrow('ended');
    expect(await imagesIn(dir)).toHaveLength(1);
    expect(await b.call('invalidate', 'photo')).toBe(1);
    origin.change('photo');
    await expectVersion(b, 2);
    await expectVersion(await start(), 2);
  });

  it('killed in the middle of a removal: repeating the removal elsewhere finds the file, and it is never served', async () => {
    const { a, b, origin, start, dir } = await openTwo();
    await a.call('readUrl', 'photo');
    await b.call('readUrl', 'photo');
    await a.call('dieAt', 'in mid-removal');
    await expect(a.call('invalidate', 'photo')).rejects.toThrow('ended');
    expect(await imagesIn(dir)).toHaveLength(1);
    expect(await b.call('invalidate', 'photo')).toBe(1);
    origin.change('photo');
    await expectVersion(b, 2);
    await expectVersion(await start(), 2);
  });

  it('stopped before it writes v1 to the journal: v2, which was acknowledged meanwhile, stays', async () => {
    const { a, b, origin, start } = await openTwo();
    await a.call('stopAt', 'before append');
    const late = a.call('prefetch', 'photo');
    await stopped(a, 'before append');
    await b.call('invalidate', 'photo');
    origin.change('photo');
    expect((await b.call('prefetch', 'photo')).status).toBe('downloaded');
    a.wake();
    await late;
    for (const each of [a, b, await start()]) await expectVersion(each, 2);
    expect(origin.downloads).toBe(2);
  });
});

describe('R5: clocks that jump', () => {
  it('ten minutes ahead in mid-download, then verify: the file that is being written stays', async () => {
    const { a, origin } = await openTwo();
    const held = origin.hold('last byte');
    const prefetch = a.call('prefetch', 'photo');
    await held.reached;
    await a.call('shiftClock', 10 * 60_000);
    await a.call('verify');
    held.release();
    expect((await prefetch).status).toBe('downloaded');
    await expectStored(a, 'photo');
    expect(origin.downloads).toBe(1);
  });

  it('a process 25 hours ahead sweeps no file that another one is writing', async () => {
    const { a, b, origin } = await openTwo();
    await b.call('shiftClock', 25 * 60 * 60_000);
    const held = origin.hold('last byte');
    const prefetch = a.call('prefetch', 'photo');
    await held.reached;
    await b.call('verify');
    held.release();
    expect((await prefetch).status).toBe('downloaded');
    await expectStored(a, 'photo');
    expect(origin.downloads).toBe(1);
  });
});

describe('R6: a process that only listens', () => {
  it('hears within seconds of what another one clears', async () => {
    const { a, b } = await openTwo();
    await a.call('readUrl', 'photo');
    await a.call('watch');
    await a.call('idle', IDLE_MS); // until it has nothing left to do, such as to write the manifest
    await b.call('clear');
    await vi.waitFor(() => expect(a.events).toMatchObject([{ type: 'cleared', s3_urls: ['mem:photo'] }]), {
      timeout: 3000 * slowness().clock,
    });
  });
});
