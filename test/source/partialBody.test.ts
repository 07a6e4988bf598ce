import { afterEach, describe, expect, test } from 'vitest';
import type { ResolvedOptions } from '../../plugin/options.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { systemClock } from '../../plugin/source/clock.ts';
import { answer, type RawRequest, startRawUpstream } from '../helpers/rawUpstream.ts';
import { slowness } from '../helpers/slowness.ts';
import { MemorySink, bucket, fastClock, refusal, sourceOptions } from '../helpers/source.ts';

const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const ETAG = '"v1"';
const never = new AbortController().signal;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function setup(
  handle: (request: RawRequest) => unknown,
  { clock = fastClock(20), ...options }: Partial<ResolvedOptions> & { clock?: typeof systemClock } = {},
) {
  const upstream = await startRawUpstream(handle);
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })], options), {
    clock,
  });
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  const get = (key: string, sink: MemorySink) =>
    source.download(source.identify(`${upstream.origin}/photos/${key}?X-Amz-Signature=CANARY`), sink, never);
  return { upstream, get };
}

/** The head of the whole object, and so many bytes of it. */
function beginning(bytes: number, headers: Record<string, string> = { ETag: ETAG }): Buffer {
  return answer(200, { ...headers, 'Content-Length': BYTES.length }, BYTES.subarray(0, bytes));
}

function rest(from: number, headers: Record<string, string> = {}): Buffer {
  const range = `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`;
  return answer(206, { ETag: ETAG, 'Content-Range': range, ...headers }, BYTES.subarray(from));
}

/** As a server that knows ranges answers. */
function serve({ socket, headers }: RawRequest): void {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.get('range') ?? '')?.[1] ?? 0);
  socket.write(from > 0 && headers.get('if-range') === ETAG ? rest(from) : beginning(BYTES.length));
}

describe('R10: a body that stops in the middle', () => {
  test('of 48 images behind a half-open proxy, only the rest is fetched, and all are complete within 5 seconds', async () => {
    const { upstream, get } = await setup(
      (request) => (request.number <= 48 ? request.socket.write(beginning(60_000)) : serve(request)),
      { clock: systemClock, concurrency: 48 },
    );
    const started = performance.now();
    const sinks = await Promise.all(
      Array.from({ length: 48 }, async (_, n) => {
        const sink = new MemorySink();
        await get(`${n}.jpg`, sink);
        return sink;
      }),
    );
    expect(performance.now() - started).toBeLessThan(5000 * slowness().clock);
    for (const sink of sinks) {
      expect(sink.bytes.equals(BYTES)).toBe(true);
      expect(sink.written).toBe(BYTES.length);
    }
    expect(upstream.requests).toHaveLength(96);
  });

  test.each([
    ['is cut', ({ socket }: RawRequest) => socket.write(beginning(50_000), () => socket.resetAndDestroy())],
    ['is ended', ({ socket }: RawRequest) => socket.end(beginning(50_000))],
    ['says nothing more', ({ socket }: RawRequest) => socket.write(beginning(50_000))],
  ])('and %s is continued, if the object is still the same', async (_, stop) => {
    const { upstream, get } = await setup((request) => (request.number === 1 ? stop(request) : serve(request)));
    const sink = new MemorySink();
    expect(await get('a.jpg', sink)).toMatchObject({ etag: ETAG });
    expect(sink.bytes.equals(BYTES)).toBe(true);
    expect(sink.resets).toBe(0);
    expect(upstream.requests[1]?.headers.get('if-range')).toBe(ETAG);
  });

  test('begins again if the object has changed', async () => {
    const other = Buffer.alloc(30_000, 7);
    const { get } = await setup(({ socket, number }) =>
      number === 1 ? socket.end(beginning(50_000)) : socket.write(answer(200, { ETag: '"v2"' }, other)),
    );
    const sink = new MemorySink();
    expect(await get('a.jpg', sink)).toMatchObject({ etag: '"v2"' });
    expect(sink.bytes.equals(other)).toBe(true);
  });

  test.each([
    ['another part', rest(40_000)],
    ['the rest of another object', rest(50_000, { ETag: '"v2"' })],
    ['that there is no such part', answer(416, { 'Content-Range': 'bytes */9' })],
  ])('begins again if the answer has %s', async (_, wrong) => {
    const { upstream, get } = await setup(({ socket, number }) => {
      if (number === 1) socket.end(beginning(50_000));
      else if (number === 2) socket.end(wrong);
      else socket.write(beginning(BYTES.length));
    });
    const sink = new MemorySink();
    await get('a.jpg', sink);
    expect(sink.bytes.equals(BYTES)).toBe(true);
    expect(upstream.requests[2]?.headers.has('range')).toBe(false);
  });

  test('keeps the part that has arrived while the origin is briefly unreachable', async () => {
    const { upstream, get } = await setup((request) => {
      if (request.number === 1) request.socket.end(beginning(50_000));
      else if (request.number === 2) request.socket.end(answer(503));
      else serve(request);
    });
    const sink = new MemorySink();
    await get('a.jpg', sink);
    expect(sink.written).toBe(BYTES.length);
    expect(upstream.requests).toHaveLength(3);
  });

  test('is compared with the checksum of the whole', async () => {
    const checked = { ETag: ETAG, 'x-amz-checksum-crc32': 'AAAAAA==' };
    const { get } = await setup((request) =>
      request.number === 1 ? request.socket.end(beginning(50_000, checked)) : serve(request),
    );
    const sink = new MemorySink();
    await get('a.jpg', sink); // the sum of the whole was wrong, so it was fetched anew
    expect(sink.resets).toBe(1);
    expect(sink.bytes.equals(BYTES)).toBe(true);
  });

  test.each([
    ['no ETag', {}],
    ['a weak ETag', { ETag: 'W/"v1"' }],
  ])('of an object with %s is waited for up to the limit', async (_, headers) => {
    const { upstream, get } = await setup(({ socket }) => socket.write(beginning(50_000, headers)));
    expect((await refusal(get('a.jpg', new MemorySink()))).code).toBe('UPSTREAM_TIMEOUT');
    expect(upstream.requests).toHaveLength(1);
  });

  test('is given up if it stops again and again', async () => {
    const { upstream, get } = await setup(({ socket, headers }) => {
      const from = Number(/\d+/.exec(headers.get('range') ?? '')?.[0] ?? 0);
      const range = `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`;
      const length = BYTES.length - from;
      const head =
        from === 0 ? beginning(1) : answer(206, { ETag: ETAG, 'Content-Range': range, 'Content-Length': length }, 'x');
      socket.end(head);
    });
    expect((await refusal(get('a.jpg', new MemorySink()))).code).toBe('UPSTREAM_TRUNCATED');
    expect(upstream.requests.length).toBeLessThan(12);
  });
});
