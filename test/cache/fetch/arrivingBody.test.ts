import { describe, expect, it } from 'vitest';
import { ArrivingBody } from '../../../plugin/cache/fetch/arrivingBody.ts';

const bytes = (text: string) => Buffer.from(text);
const whole = (text: string) => ({ size: text.length, body: () => bytes(text) });

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

describe('ArrivingBody', () => {
  it('gives every reader all bytes, whenever it begins to follow', async () => {
    const body = new ArrivingBody();
    const early = textOf(body.follow());
    body.push(bytes('one '));
    const joined = textOf(body.follow());
    body.push(bytes('two '));
    body.push(bytes('three'));
    body.complete(whole('one two three'));
    const late = textOf(body.follow());
    expect(await Promise.all([early, joined, late])).toEqual(Array(3).fill('one two three'));
  });

  it('continues where it was when a download starts again and brings the same bytes, however they are split', async () => {
    for (const size of [1, 2, 3, 5, 8]) {
      const body = new ArrivingBody();
      const reader = textOf(body.follow());
      body.push(bytes('0123'));
      body.push(bytes('45'));
      body.restart();
      for (let start = 0; start < 10; start += size)
        body.push(bytes('0123456789'.slice(start, Math.min(start + size, 10))));
      expect(Buffer.from(body.bytes()).toString()).toBe('0123456789');
      body.complete(whole('0123456789'));
      expect(await reader).toBe('0123456789');
    }
  });

  it('survives two restarts, the second one before the first had caught up', async () => {
    const body = new ArrivingBody();
    const reader = textOf(body.follow());
    body.push(bytes('012345'));
    body.restart();
    body.push(bytes('012'));
    body.restart();
    body.push(bytes('0123456789'));
    body.complete(whole('0123456789'));
    expect(await reader).toBe('0123456789');
  });

  it('fails its readers when a second attempt brings other bytes', async () => {
    const body = new ArrivingBody();
    const reader = textOf(body.follow());
    body.push(bytes('0123'));
    body.restart();
    body.push(bytes('01x3'));
    await expect(reader).rejects.toThrow('before it was complete');
    expect(body.hasFailed).toBe(true);
    body.complete(whole('01x3'));
    await expect(textOf(body.follow())).rejects.toThrow('before it was complete');
  });

  it('fails its readers when a second attempt brings a complete image that is shorter than the first attempt', async () => {
    const body = new ArrivingBody();
    const reader = textOf(body.follow());
    body.push(bytes('0123456789'));
    body.restart();
    body.push(bytes('01234'));
    body.complete(whole('01234'));
    await expect(reader).rejects.toThrow('before it was complete');
  });

  it('keeps at most 4 MB of an arriving image, and gives the rest when it is complete', async () => {
    const body = new ArrivingBody();
    const chunk = Buffer.alloc(1 << 20, 7);
    for (let n = 0; n < 50; n += 1) body.push(chunk);
    expect(body.bytes().length).toBe(4 << 20);
    const image = Buffer.alloc(50 << 20, 7);
    body.complete({ size: image.length, body: () => image });
    let length = 0;
    for await (const part of body.follow()) length += part.length;
    expect(length).toBe(image.length);
  });
});
