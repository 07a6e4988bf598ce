import { describe, expect, it } from 'vitest';
import { ReceivedBytes } from '../../../plugin/cache/fetch/receivedBytes.ts';
import { Scratch } from '../../../plugin/cache/fetch/scratch.ts';

function receive(...texts: string[]): ReceivedBytes {
  const received = new ReceivedBytes();
  for (const text of texts) received.append(Buffer.from(text));
  return received;
}

const textOf = (chunks: readonly Uint8Array[]) => Buffer.concat(chunks).toString();
const MB = 1 << 20;

describe('ReceivedBytes', () => {
  it('returns each byte once for writing', () => {
    const received = receive('one ', 'two ');
    expect(textOf(received.take())).toBe('one two ');
    expect(received.take()).toEqual([]);
    received.append(Buffer.from('three'));
    expect(textOf(received.take())).toBe('three');
  });

  it('is due to be written a megabyte at a time', () => {
    const received = new ReceivedBytes();
    received.append(Buffer.alloc(MB - 1));
    expect(received.isDue).toBe(false);
    received.append(Buffer.alloc(1));
    expect(received.isDue).toBe(true);
    received.take();
    expect(received.isDue).toBe(false);
  });

  it('are joined once for all callers, before or after they were written', () => {
    const received = receive('one ', 'two');
    received.take();
    expect(received.join().toString()).toBe('one two');
    expect(received.join()).toBe(received.join());
  });

  it('keeps up to 4 MB, and beyond that only the bytes that are to be written', () => {
    const received = new ReceivedBytes();
    for (let n = 0; n < 4; n += 1) received.append(Buffer.alloc(MB));
    expect(received.isKept).toBe(true);
    received.take();
    received.append(Buffer.from('more'));
    expect(received.isKept).toBe(false);
    expect(textOf(received.take())).toBe('more');
    expect(received.length).toBe(4 * MB + 4);
  });

  it('can be looked at in one piece, in memory that is used again for the next', () => {
    const scratch = new Scratch();
    const first = receive('aaa', 'bbbb').peek(scratch);
    expect(Buffer.from(first).toString()).toBe('aaabbbb');
    const second = receive('c', 'dd').peek(scratch);
    expect(Buffer.from(second).toString()).toBe('cdd');
    expect(second.buffer).toBe(first.buffer);
  });
});
