import { describe, expect, it } from 'vitest';
import type { Sink, ImageRef } from '../../../plugin/cache/injected/source.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import type { ErrorCode } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

/** An origin whose answer depends on the URL: `mem:<name>?<code or 'good'>-<number>`, read at `//<host>` when one follows. */
class SignedSource extends MemorySource {
  /** The URLs that were asked for, in order. */
  readonly asked: string[] = [];
  #letGo: (() => void)[] = [];

  constructor() {
    super((name) => bytesOf(name));
  }

  override identify(url: string): ImageRef {
    const [key = '', rest = ''] = url.split('?');
    return { key, filename: key.slice('mem:'.length), url, origin: rest.split('//')[1] ?? 'one' };
  }

  override async download(object: ImageRef, sink: Sink, signal: AbortSignal) {
    const { url = '' } = object;
    this.asked.push(url);
    await new Promise<void>((resolve) => this.#letGo.push(resolve));
    const [code = ''] = url.split('?')[1]?.split('-') ?? [];
    if (code !== 'good') throw new ImageCacheError(code as ErrorCode, url); // the test names codes only
    return super.download(object, sink, signal);
  }

  /** Answers all that have been asked for, once there are `count`. */
  async answer(count: number): Promise<void> {
    await expect.poll(() => this.asked.length).toBe(count);
    for (const letGo of this.#letGo.splice(0)) letGo();
  }
}

async function start() {
  const source = new SignedSource();
  const { cache } = await openCache({ source });
  /** The code of the refusal, or `ok`. */
  const get = (url: string) =>
    cache.readUrl(`mem:a.png?${url}`).then(
      () => 'ok',
      (error: unknown) => ImageCacheError.from(error).code,
    );
  /** A download begun by the first URL, which all others join. */
  const join = async (first: string, ...others: string[]) => {
    const all = [get(first)];
    await expect.poll(() => source.asked.length).toBe(1);
    all.push(...others.map(get));
    await new Promise((resolve) => setTimeout(resolve, 100)); // a miss looks around on the disk before it joins
    return all;
  };
  return { source, cache, get, join };
}

describe('S10: a request that joined a download begun by another URL', () => {
  it.each(['UPSTREAM_FORBIDDEN', 'UPSTREAM_EXPIRED', 'UPSTREAM_NOT_FOUND', 'UPSTREAM_REDIRECT'])(
    'gets an attempt of its own when that one meets with %s',
    async (code) => {
      const { source, join } = await start();
      const all = await join(`${code}-1`, 'good-1', `${code}-1`);
      await source.answer(1);
      await source.answer(2);
      expect(await Promise.all(all)).toEqual([code, 'ok', code]);
      expect(source.asked).toEqual([`mem:a.png?${code}-1`, 'mem:a.png?good-1']);
    },
  );

  it.each(['UPSTREAM_UNREACHABLE', 'UPSTREAM_TIMEOUT', 'UPSTREAM_ERROR', 'NOT_AN_IMAGE', 'HOST_NOT_ALLOWED'])(
    'gets one at another host when the first meets with %s, and none at the same host',
    async (code) => {
      const { source, join } = await start();
      const all = await join(`${code}-1//cdn`, 'good-1//cdn', 'good-1//s3');
      await source.answer(1);
      await source.answer(2);
      expect(await Promise.all(all)).toEqual([code, code, 'ok']);
      expect(source.asked).toHaveLength(2);
    },
  );

  it.each(['CACHE_DISK_FULL', 'OVERLOADED', 'INTERNAL'])('shares %s, because no URL has caused it', async (code) => {
    const { source, join } = await start();
    const all = await join(`${code}-1`, 'good-1//elsewhere');
    await source.answer(1);
    expect(await Promise.all(all)).toEqual([code, code]);
    expect(source.asked).toHaveLength(1);
  });

  it('does not wait for many bad URLs: after two of other requests, its own URL is tried', async () => {
    const { source, join } = await start();
    const bad = Array.from({ length: 10 }, (_, n) => `UPSTREAM_NOT_FOUND-${n + 2}`);
    const all = await join('UPSTREAM_NOT_FOUND-1', 'good-1', ...bad);
    await source.answer(1);
    await source.answer(2); // the one that came last, for all
    await source.answer(12); // each of the others, at once
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes[1]).toBe('ok');
    expect(new Set(source.asked).size, 'each URL is asked for once').toBe(12);
    expect(source.asked).toHaveLength(12);
  });

  it('of several good URLs, one is requested', async () => {
    const { source, join } = await start();
    const all = await join('UPSTREAM_FORBIDDEN-1', 'good-1', 'good-2', 'good-3');
    await source.answer(1);
    await source.answer(2);
    expect(await Promise.all(all)).toEqual(['UPSTREAM_FORBIDDEN', 'ok', 'ok', 'ok']);
    expect(source.asked).toHaveLength(2);
  });
});

describe('S10: a request whose actor has a larger quota', () => {
  it('is not refused because the image was too large for the first actor', async () => {
    const source = new SignedSource();
    const { cache } = await openCache({ source, quotaOf: (actorId) => (actorId === 'guest' ? 100 : undefined) });
    const get = (actorId: string) => cache.prefetch({ s3_url: 'mem:a.png?good-1' }, actorId);
    const guest = get('guest');
    await expect.poll(() => source.asked.length).toBe(1);
    const [member, other] = [get('member'), get('guest')];
    await new Promise((resolve) => setTimeout(resolve, 100));
    await source.answer(1);
    await source.answer(2);
    const outcomes = await Promise.all([guest, member, other]);
    expect(outcomes.map((result) => (result.status === 'failed' ? result.error.code : result.status))).toEqual([
      'IMAGE_TOO_LARGE',
      'downloaded',
      'IMAGE_TOO_LARGE',
    ]);
  });
});
