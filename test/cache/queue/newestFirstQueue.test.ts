import { getEventListeners } from 'node:events';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { NewestFirstQueue } from '../../../plugin/cache/queue/newestFirstQueue.ts';
import { refusal } from '../../helpers/source.ts';

const MAX_WAITING = 500;

/** A queue that makes one at a time, each until it is told to end, and what has been begun, in order. */
function startQueue() {
  const limit = pLimit(1);
  const queue = new NewestFirstQueue<string>(limit);
  const begun: string[] = [];
  const ends = new Map<string, (failure?: Error) => void>();
  const ask = (key: string, signal?: AbortSignal, tells = key): Promise<string> => {
    const task = () => {
      begun.push(key);
      return new Promise<string>((resolve, reject) => {
        ends.set(key, (failure) => (failure === undefined ? resolve(tells) : reject(failure)));
      });
    };
    const made = queue.run({ key, signal, task });
    made.catch(() => undefined); // tests that need the result await it
    return made;
  };
  return {
    queue,
    limit,
    begun,
    ask,
    /** A request, which can be aborted. */
    askAndLeave(key: string) {
      const left = new AbortController();
      return { made: ask(key, left.signal), signal: left.signal, leave: () => left.abort() };
    },
    /** The one that was begun last comes to its end, then the next, until so many have. */
    async end(count = 1) {
      for (let n = 0; n < count; n += 1) {
        ends.get(begun.at(-1) ?? '')?.();
        await settle();
      }
    },
    async fail(failure: Error) {
      ends.get(begun.at(-1) ?? '')?.(failure);
      await settle();
    },
    /** The one that everybody has to wait for. */
    async occupy() {
      void ask('first');
      await settle();
    },
  };
}

/** Lets all that is already due happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe('a requester that leaves', () => {
  it('takes its task along if that has not started, so requests that were aborted never delay others', async () => {
    const { occupy, askAndLeave, ask, begun, end } = startQueue();
    await occupy();
    const scrolled = names('scrolled', MAX_WAITING).map(askAndLeave);
    for (const { leave } of scrolled) leave();
    void ask('seen');
    await end(2);
    expect(begun).toEqual(['first', 'seen']);
    await settle();
    expect(begun, 'nor is any made later').toHaveLength(2);
  });

  it('is refused at once with ABORTED, whether its task has started or not', async () => {
    const { askAndLeave } = startQueue();
    const running = askAndLeave('running');
    await settle();
    const waiting = askAndLeave('waiting');
    for (const { made, leave } of [running, waiting]) {
      leave();
      expect((await refusal(made)).code).toBe('ABORTED');
    }
  });

  it('starts nothing if it had left before its request', async () => {
    const { ask, begun } = startQueue();
    expect((await refusal(ask('a', AbortSignal.abort()))).code).toBe('ABORTED');
    await settle();
    expect(begun).toEqual([]);
  });

  it('takes nothing from requesters that still wait for the same task', async () => {
    const { occupy, askAndLeave, ask, begun, end } = startQueue();
    await occupy();
    const one = askAndLeave('a');
    const other = ask('a');
    one.leave();
    await end(2);
    expect(begun).toEqual(['first', 'a']);
    expect(await other).toBe('a');
  });

  it('does not stop a running task: later requesters get its result', async () => {
    const { askAndLeave, ask, begun, end } = startQueue();
    const one = askAndLeave('a');
    await settle();
    one.leave();
    const other = ask('a');
    await end();
    expect(await other).toBe('a');
    expect(begun).toEqual(['a']);
  });

  it('can request a dropped task again', async () => {
    const { occupy, askAndLeave, ask, begun, end } = startQueue();
    await occupy();
    askAndLeave('a').leave();
    const again = ask('a');
    await end(2);
    expect(await again).toBe('a');
    expect(begun).toEqual(['first', 'a']);
  });

  it('leaves no turns behind in the limit, which other work shares', async () => {
    const { occupy, askAndLeave, limit } = startQueue();
    await occupy();
    for (const key of names('scrolled', 1000)) askAndLeave(key).leave();
    expect(limit.pendingCount).toBe(1);
  });
});

describe('the order', () => {
  it('is the newest first', async () => {
    const { occupy, ask, begun, end } = startQueue();
    await occupy();
    for (const key of names('v', 10)) void ask(key);
    await end(3);
    expect(begun.slice(1, 3)).toEqual(['v9', 'v8']);
  });

  it('a repeated request makes its task the newest, and the task of the last request runs once', async () => {
    const { occupy, ask, begun, end } = startQueue();
    await occupy();
    const first = ask('v', undefined, 'signed long ago');
    for (const key of names('later', 10)) void ask(key);
    const again = ask('v', undefined, 'signed just now');
    await end(2);
    expect(begun.slice(0, 2)).toEqual(['first', 'v']);
    expect([await first, await again]).toEqual(['signed just now', 'signed just now']);
  });

  it('starves no task: with n tasks before it, it waits at most 4 (n + 1) turns, however many come after it', async () => {
    const { occupy, ask, begun, end } = startQueue();
    await occupy();
    for (const key of names('old', 10)) void ask(key);
    for (let turn = 1; turn <= 40; turn += 1) {
      for (const key of names(`new${turn}-`, 2)) void ask(key);
      await end();
      const old = begun.filter((key) => key.startsWith('old'));
      if (turn % 4 === 0) expect(old).toEqual(names('old', turn / 4));
    }
  });

  it('repeated requests do not change which task is the oldest', async () => {
    const { occupy, ask, begun, end } = startQueue();
    await occupy();
    void ask('old');
    for (let turn = 1; turn <= 4; turn += 1) {
      void ask('old');
      for (const key of names(`new${turn}-`, 2)) void ask(key);
      await end();
    }
    expect(begun).toContain('old');
  });
});

describe('the limit of waiting tasks', () => {
  it('refuses further variants, but no request that joins a waiting one', async () => {
    const { occupy, ask } = startQueue();
    await occupy();
    for (const key of names('v', MAX_WAITING)) void ask(key);
    const { code, retryAfterMs } = await refusal(ask('one more'));
    expect([code, retryAfterMs]).toEqual(['OVERLOADED', 1000]);
    const joined = await Promise.race([ask('v0'), settle().then(() => 'waits')]);
    expect(joined).toBe('waits');
  });

  it('counts only tasks with a waiting requester', async () => {
    const { occupy, ask, askAndLeave, begun, end } = startQueue();
    await occupy();
    const scrolled = names('scrolled', MAX_WAITING).map(askAndLeave);
    for (const { leave } of scrolled) leave();
    const seen = names('v', MAX_WAITING).map((key) => ask(key));
    await end(MAX_WAITING + 1);
    await Promise.all(seen);
    expect(begun).toHaveLength(MAX_WAITING + 1);
  });
});

describe('a task', () => {
  it('runs again for a request that comes after its result', async () => {
    const { ask, begun, end } = startQueue();
    const again = ask('a').then(() => ask('a'));
    await settle();
    await end(2);
    await again;
    expect(begun).toEqual(['a', 'a']);
  });

  it('that fails does so for all waiting requesters, and for no later one', async () => {
    const { ask, askAndLeave, fail, end } = startQueue();
    const waiting = [ask('a'), askAndLeave('a').made];
    const other = ask('other');
    await settle();
    await end(); // the newest, which is the other one
    await fail(new Error('no'));
    for (const made of waiting) await expect(made).rejects.toThrow('no');
    expect(await other).toBe('other');
  });

  it.each(['made', 'failed', 'refused'])('leaves no listener on the signal when it is %s', async (how) => {
    const { queue, askAndLeave, begun, fail, end } = startQueue();
    const asked = names('v', 3).map(askAndLeave);
    await settle();
    expect(asked.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([1, 1, 1]);
    const closed = how === 'refused' ? queue.close() : undefined;
    for (let n = 0; n < 3; n += 1) await (how === 'failed' ? fail(new Error('no')) : end());
    await closed;
    expect(begun).toHaveLength(how === 'refused' ? 1 : 3);
    expect(asked.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0, 0]);
  });

  it('that is running finishes when the queue is closed; waiting and later requests are refused', async () => {
    const { queue, occupy, ask, begun, end } = startQueue();
    await occupy();
    const waiting = ask('waiting');
    let isClosed = false;
    const closed = queue.close().then(() => (isClosed = true));
    expect((await refusal(waiting)).code).toBe('ABORTED');
    expect((await refusal(ask('late'))).code).toBe('ABORTED');
    await settle();
    expect(isClosed, 'while one runs').toBe(false);
    await end();
    await closed;
    expect(begun).toEqual(['first']);
  });
});
