import { describe, expect, test } from 'vitest';
import { EventReaders } from '../../plugin/http/eventReaders.ts';

function setUp(max: number) {
  let time = 0;
  const dropped: string[] = [];
  const readers = new EventReaders(max, () => time);
  const admit = (address: string, name = address) => readers.admit(address, () => dropped.push(name));
  const verdict = (address: string, name?: string) => {
    try {
      admit(address, name);
      return 'admitted';
    } catch (error) {
      return String(error);
    }
  };
  return { readers, dropped, admit, verdict, pass: (ms: number) => void (time += ms) };
}

describe('S16: readers of events', () => {
  test('if one address has all places, its oldest readers make room for others', () => {
    const { readers, dropped, admit, verdict } = setUp(5);
    for (let n = 0; n < 5; n += 1) admit('10.0.0.9', `greedy ${n}`);
    expect(verdict('10.0.0.1')).toBe('admitted');
    expect(verdict('10.0.0.2')).toBe('admitted');
    expect(dropped).toEqual(['greedy 0', 'greedy 1']);
    expect(readers.count).toBe(5);
  });

  test('an address takes no more than its share from others', () => {
    const { dropped, admit, verdict } = setUp(4);
    for (const name of ['a', 'b']) admit('10.0.0.1', name);
    for (const name of ['c', 'd']) admit('10.0.0.9', name);
    expect(verdict('10.0.0.9', 'e')).toContain('Too many readers');
    expect(verdict('10.0.0.1', 'f')).toContain('Too many readers');
    expect(dropped).toEqual([]);
  });

  test('behind a proxy, where all have one address, the oldest makes room after half a minute', () => {
    const { dropped, admit, verdict, pass } = setUp(2);
    admit('127.0.0.1', 'a');
    pass(20_000);
    admit('127.0.0.1', 'b');
    expect(verdict('127.0.0.1', 'c')).toContain('Too many readers');
    pass(10_000);
    expect(verdict('127.0.0.1', 'c')).toBe('admitted');
    expect(verdict('127.0.0.1', 'd')).toContain('Too many readers');
    expect(dropped).toEqual(['a']);
  });

  test('a reader that leaves makes room once, even if it was dropped before', () => {
    const { readers, admit } = setUp(2);
    const leaveFirst = admit('10.0.0.9');
    const leaveSecond = admit('10.0.0.9');
    admit('10.0.0.1');
    expect(readers.count).toBe(2);
    leaveFirst();
    expect(readers.count).toBe(2);
    leaveSecond();
    leaveSecond();
    expect(readers.count).toBe(1);
  });

  test('readers from thousands of addresses do not exceed the limit', () => {
    const { readers, verdict } = setUp(100);
    for (let n = 0; n < 5_000; n += 1) verdict(`10.0.${n >> 8}.${n & 255}`);
    expect(readers.count).toBe(100);
  });
});
