import { describe, expect, it } from 'vitest';
import type { Proof } from '../../../plugin/cache/injected/inspector.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import { TransientError } from '../../../plugin/source/transientError.ts';
import type { ErrorCode } from '../../../plugin/protocol.ts';
import { openCache } from '../../helpers/cache.ts';
import { VersionedSource } from '../../helpers/versionedSource.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A cache that refuses what it is told to, and a clock that is put forward by hand. */
async function openRefusing(settings: Parameters<typeof openCache>[0] = {}) {
  const source = new VersionedSource();
  const clock = { now: Date.UTC(2026, 0, 1) };
  const refused = { code: 'NOT_AN_IMAGE' as ErrorCode | undefined };
  const inspect = (_bytes: Uint8Array, _proof: Proof) => {
    if (refused.code === undefined) return { contentType: 'image/png', extension: 'png', width: 1, height: 1 };
    throw new ImageCacheError(refused.code, 'Not this one.', { hint: 'Upload another one.' });
  };
  const opened = await openCache({ source, inspect, now: () => clock.now, ...settings });
  const read = (options = {}) =>
    opened.cache.readUrl('mem:x', options).then(
      () => 'kept',
      (error: unknown) => ImageCacheError.from(error).code,
    );
  return { ...opened, source, clock, refused, read };
}

describe('N2: an object whose content was refused', () => {
  it.each([
    'NOT_AN_IMAGE',
    'UNSUPPORTED_TYPE',
    'UNSUPPORTED_ENCODING',
    'IMAGE_TOO_LARGE',
    'UPSTREAM_TRUNCATED',
  ] as const)('by %s is not fetched again: the origin is asked whether it is still that one', async (code) => {
    const { read, source, refused } = await openRefusing();
    refused.code = code;
    for (let asked = 0; asked < 5; asked += 1) expect(await read()).toBe(code);
    expect(source.downloads).toBe(1);
    expect(source.asked).toEqual([undefined, ...Array(4).fill('"x 1 1"')]);
  });

  it('is refused with the same message', async () => {
    const { cache } = await openRefusing();
    const [first, second] = await Promise.allSettled([cache.readUrl('mem:x')]).then(async ([before]) => [
      before,
      ...(await Promise.allSettled([cache.readUrl('mem:x')])),
    ]);
    if (first?.status !== 'rejected' || second?.status !== 'rejected') throw new Error('it was not refused');
    expect(second.reason).toMatchObject({ message: first.reason.message, hint: first.reason.hint });
  });

  it('is fetched once it is repaired, and its refusal is forgotten', async () => {
    const { read, source, refused } = await openRefusing();
    await read();
    source.change('x');
    refused.code = undefined;
    expect(await read()).toBe('kept');
    expect(source.downloads).toBe(2);
  });

  it('costs the prefetch of a page no bytes either', async () => {
    const { cache, source, read } = await openRefusing();
    await read();
    const result = await cache.prefetch({ s3_url: 'mem:x' }, 'ann');
    expect(result).toMatchObject({ status: 'failed', error: { code: 'NOT_AN_IMAGE' } });
    expect(source.downloads).toBe(1);
  });

  it.each([
    ['invalidate', async ({ cache, read }: Refusing) => [await cache.invalidate('mem:x'), await read()]],
    ['clear', async ({ cache, read }: Refusing) => [await cache.clear(), await read()]],
    ['revalidate', async ({ read }: Refusing) => read({ revalidate: true })],
    ['prefetch', async ({ cache }: Refusing) => cache.prefetch({ s3_url: 'mem:x' }, 'ann', { revalidate: true })],
  ])('is looked at again after %s', async (_name, act) => {
    const refusing = await openRefusing();
    await refusing.read();
    await act(refusing);
    expect(refusing.source.asked).toEqual([undefined, undefined]);
  });

  it('without an ETag counts as unchanged for a minute, without a request', async () => {
    const { read, source, clock } = await openRefusing();
    source.sendsEtags = false;
    await read();
    clock.now += MINUTE - 1;
    expect(await read()).toBe('NOT_AN_IMAGE');
    expect(source.asked).toHaveLength(1);
    clock.now += 1;
    await read();
    expect(source.asked).toHaveLength(2);
  });

  it('is checked again after a day', async () => {
    const { read, source, clock } = await openRefusing();
    await read();
    clock.now += DAY;
    await read();
    expect(source.asked).toEqual([undefined, undefined]);
  });

  it('because it ended at the same byte twice is fetched again after a minute: a proxy may have cut it', async () => {
    const { read, source, clock, refused } = await openRefusing();
    refused.code = 'UPSTREAM_TRUNCATED';
    await read();
    clock.now += MINUTE - 1;
    await read();
    expect(source.downloads).toBe(1);
    clock.now += 1;
    await read();
    expect(source.downloads).toBe(2);
  });

  it('is not refused to an actor with a larger quota', async () => {
    const { read, refused } = await openRefusing({ quotaOf: (actor) => (actor === 'ann' ? 100 : undefined) });
    refused.code = undefined;
    expect(await read({ actorId: 'ann' })).toBe('IMAGE_TOO_LARGE');
    expect(await read({ actorId: 'ann' })).toBe('IMAGE_TOO_LARGE');
    expect(await read({ actorId: 'bob' })).toBe('kept');
  });

  it('leaves the image that it was to replace, and is not fetched again for that either', async () => {
    const { read, refused, source, cache, clock } = await openRefusing({ revalidateMs: MINUTE });
    refused.code = undefined;
    await read();
    source.change('x');
    refused.code = 'NOT_AN_IMAGE';
    for (let asked = 0; asked < 3; asked += 1) {
      clock.now += DAY / 12; // long after a failure, so that the origin is asked
      expect((await cache.readUrl('mem:x')).outcome).toBe('STALE');
      await expect.poll(() => source.asked.length).toBe(2 + asked);
    }
    expect(source.asked).toEqual([undefined, '"x 1 1"', '"x 2 1"', '"x 2 1"']);
    expect(source.downloads).toBe(2);
    refused.code = undefined;
    source.change('x');
    expect((await cache.readUrl('mem:x', { revalidate: true })).outcome).toBe('REVALIDATED');
    expect(source.downloads).toBe(3);
  });
});

type Refusing = Awaited<ReturnType<typeof openRefusing>>;

describe('N2: only refusals of the content are remembered', () => {
  it.each([
    'UPSTREAM_ERROR',
    'UPSTREAM_FORBIDDEN',
    'UPSTREAM_NOT_FOUND',
    'UPSTREAM_TIMEOUT',
    'UPSTREAM_TRUNCATED',
  ] as const)('a download that ended in %s is begun again', async (code) => {
    const { read, source, refused } = await openRefusing();
    refused.code = undefined;
    source.failure = new TransientError(code, 'The network.');
    expect(await read()).toBe(code);
    source.failure = undefined;
    expect(await read()).toBe('kept');
    expect(source.asked).toEqual([undefined, undefined]);
  });

  it('a kept image is proved complete by its announced bytes, or else by its structure', async () => {
    const proofs: Proof[] = [];
    const { cache, source } = await openCache({
      inspect: (_bytes, proof) => {
        proofs.push(proof);
        return { contentType: 'image/png', extension: 'png' };
      },
    });
    await cache.readUrl('mem:x');
    source.proof = 'structure';
    await cache.readUrl('mem:y');
    expect(proofs).toEqual(['announced', 'structure']);
  });
});
