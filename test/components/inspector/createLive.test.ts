import { describe, expect, it } from 'vitest';
import { createLive, type LiveEnvironment } from '../../../components/inspector/server/createLive.ts';
import { ServerError } from '../../../components/inspector/server/serverError.ts';
import type { LiveAnswer } from '../../../plugin/inspectorProtocol.ts';
import { createFakeState } from '../../helpers/fakeInspector/fakeApi.ts';
import { fakeLive } from '../../helpers/fakeInspector/answers.ts';

/** A page whose time passes when a test says so. */
function fakePage() {
  let now = 0;
  let isVisible = true;
  const timers = new Map<() => void, number>();
  const listeners = { visibility: new Set<() => void>(), input: new Set<() => void>() };
  const env: LiveEnvironment = {
    now: () => now,
    after(ms, run) {
      const own = (): void => run();
      timers.set(own, now + ms);
      return () => timers.delete(own);
    },
    isVisible: () => isVisible,
    onVisibility(listener) {
      listeners.visibility.add(listener);
      return () => listeners.visibility.delete(listener);
    },
    onInput(listener) {
      listeners.input.add(listener);
      return () => listeners.input.delete(listener);
    },
  };
  return {
    env,
    timers,
    async pass(ms: number) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(([, at]) => at <= end).toSorted((a, b) => a[1] - b[1]);
        if (!next) break;
        timers.delete(next[0]);
        now = next[1];
        next[0]();
        await settle();
      }
      now = end;
    },
    show(visible: boolean) {
      isVisible = visible;
      for (const listener of listeners.visibility) listener();
    },
    input() {
      for (const listener of listeners.input) listener();
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

function setUp() {
  const state = createFakeState(25, '1');
  const page = fakePage();
  const asked: (number | undefined)[] = [];
  let fault: ServerError | undefined;
  const ask = async (since: number | undefined): Promise<LiveAnswer> => {
    asked.push(since);
    if (fault) throw fault;
    return fakeLive(state, since);
  };
  const live = createLive(ask, page.env);
  return { state, page, asked, live, fail: (error?: ServerError) => void (fault = error) };
}

describe('polling', () => {
  it('asks once a second while somebody looks, and goes on where it was', async () => {
    const { page, asked, live } = setUp();
    live.start();
    await page.pass(3000);
    expect(asked).toEqual([undefined, 57, 57, 57]);
    expect(live.state()).toMatchObject({ status: 'live', error: undefined });
  });

  it('I17: is silent for an hour in which the page is hidden, and then asks once at once', async () => {
    const { page, asked, live } = setUp();
    live.start();
    await page.pass(1500);
    page.show(false);
    const before = asked.length;
    await page.pass(3_600_000);
    expect(asked.length).toBe(before);
    page.show(true);
    await page.pass(0);
    expect(asked.length).toBe(before + 1);
  });

  it('asks rarely after a minute without input, and at once when there is some', async () => {
    const { page, asked, live } = setUp();
    live.start();
    await page.pass(70_000);
    const before = asked.length;
    await page.pass(20_000);
    expect(asked.length - before).toBe(4);
    page.input();
    await page.pass(3000);
    expect(asked.length - before).toBe(4 + 4);
  });

  it('asks less and less often a server that does not answer, keeps what it knows, and recovers', async () => {
    const { page, asked, live, fail } = setUp();
    live.start();
    await page.pass(0);
    fail(new ServerError('The server does not answer.'));
    const before = asked.length;
    await page.pass(1 + 1000 + 1000 + 2000 + 4000 + 8000 + 10_000);
    expect(asked.length - before).toBe(6);
    expect(live.state()).toMatchObject({ status: 'silent', answer: { instance: 'a' } });
    expect(live.state().activity.length).toBe(57);
    fail();
    await page.pass(10_000);
    expect(live.state()).toMatchObject({ status: 'live', retryAt: undefined });
  });

  it('tells a refusal from silence', async () => {
    const { page, live, fail } = setUp();
    fail(new ServerError('Closed.', { status: 403, code: 'MANAGEMENT_CLOSED', hint: 'Set `manage`.' }));
    live.start();
    await page.pass(0);
    expect(live.state()).toMatchObject({ status: 'refused', error: { hint: 'Set `manage`.' } });
  });

  it('I18: starts its activity anew after each of 50 restarts, without a leak', async () => {
    const { state, page, live } = setUp();
    live.start();
    await page.pass(0);
    for (let restart = 0; restart < 50; restart += 1) {
      Object.assign(state, { instance: `b${restart}`, seq: 3 });
      await page.pass(1000);
      expect(live.state().activity.map(({ seq }) => seq)).toEqual([3, 2, 1]);
    }
    expect(live.state().dropped).toBe(0);
    expect(page.timers.size).toBe(1);
  });

  it('counts what came too fast, keeps at most 1,000, and shows none twice', async () => {
    const { state, page, live } = setUp();
    live.start();
    await page.pass(0);
    for (let turn = 0; turn < 8; turn += 1) {
      state.seq += 500;
      await page.pass(1000);
    }
    const seqs = live.state().activity.map(({ seq }) => seq);
    expect(seqs.length).toBe(1000);
    expect(new Set(seqs).size).toBe(1000);
    expect(seqs[0]).toBe(state.seq);
    expect(live.state().dropped).toBe(8 * 300);
  });

  it('ends with the page', async () => {
    const { page, asked, live } = setUp();
    const stop = live.start();
    await page.pass(0);
    stop();
    await page.pass(60_000);
    expect(asked.length).toBe(1);
    expect(page.timers.size).toBe(0);
  });
});
