import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../../plugin/cache/queue/singleFlight.ts';

/** Tasks that end when they are told to. */
function createTasks() {
  const ends: { resolve: (value: string) => void; reject: (reason: unknown) => void }[] = [];
  const task = () => new Promise<string>((resolve, reject) => ends.push({ resolve, reject }));
  return { ends, task };
}

describe('SingleFlight', () => {
  it('runs a task once for all calls that come while it runs, and again for later ones', async () => {
    const flight = new SingleFlight<string>();
    const { ends, task } = createTasks();
    const both = [flight.run(task), flight.run(task)];
    expect(ends).toHaveLength(1);
    ends[0]?.resolve('first');
    expect(await Promise.all(both)).toEqual(['first', 'first']);
    const later = flight.run(task);
    ends[1]?.resolve('second');
    expect(await later).toBe('second');
  });

  it('reports a failure to all callers that share the run, and starts again for the next call', async () => {
    const flight = new SingleFlight<string>();
    const { ends, task } = createTasks();
    const both = [flight.run(task), flight.run(task)];
    ends[0]?.reject(new Error('no'));
    const failed = { status: 'rejected', reason: new Error('no') };
    expect(await Promise.allSettled(both)).toEqual([failed, failed]);
    const later = flight.run(task);
    ends[1]?.resolve('yes');
    expect(await later).toBe('yes');
  });

  it('keeps keys apart, and returns the current run', async () => {
    const flight = new SingleFlight<string>();
    const { ends, task } = createTasks();
    const a = flight.run(task, 'a');
    const b = flight.run(task, 'b');
    expect(ends).toHaveLength(2);
    expect(flight.running('a')).toBe(a);
    expect(flight.running()).toBeUndefined();
    ends[0]?.resolve('1');
    ends[1]?.resolve('2');
    expect(await Promise.all([a, b])).toEqual(['1', '2']);
    expect(flight.running('a')).toBeUndefined();
  });
});
