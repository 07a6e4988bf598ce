import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import type { ResolvedOptions } from '../../plugin/options.ts';
import { download } from '../../plugin/source/download.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { Throttle } from '../../plugin/source/throttle.ts';
import { createHttpClient, type HttpRequest } from '../../plugin/source/httpClient.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { answer, errorXml, startRawUpstream, type RawRequest, type RawUpstream } from '../helpers/rawUpstream.ts';
import { slowness } from '../helpers/slowness.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const SIGNED = '?X-Amz-Credential=CANARY3&X-Amz-Security-Token=CANARY2&X-Amz-Signature=CANARY1';
const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const never = new AbortController().signal;
/** For tests that wait for a limit: a tenth of a second each, on the fast clock. */
const BRISK = { connect: 2_000, firstByte: 2_000, idle: 2_000, total: 60_000 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A source whose only bucket is a raw upstream. Its clock runs 20 times as fast. */
async function setup(handle: (request: RawRequest) => unknown, options: Partial<ResolvedOptions> = {}) {
  const upstream = await startRawUpstream(handle);
  const clock = fastClock(20);
  const source = createS3Source(
    sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })], {
      ...options,
      timeouts: {
        connect: 20_000,
        firstByte: 20_000,
        idle: 20_000,
        total: 600_000,
        ...options.timeouts,
      },
    }),
    { clock },
  );
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  const sink = new MemorySink();
  const get = (key = 'a.jpg', signal = never, into = sink) =>
    source.download(source.identify(`${upstream.origin}/photos/${key}${SIGNED}`), into, signal);
  return { upstream, source, sink, clock, get };
}

/** Nothing of the signature is in any text of the error. */
function expectNoSecrets(error: ImageCacheError): void {
  const cause = error.cause instanceof Error ? [error.cause.message, error.cause.stack] : [error.cause];
  expect([error.message, error.hint, error.stack, JSON.stringify(error.toItem()), ...cause].join('\n')).not.toContain(
    'CANARY',
  );
}

async function expectIdle(upstream: RawUpstream): Promise<void> {
  await expect.poll(() => upstream.open).toBe(0);
}

describe('a signed URL', () => {
  test('is sent byte for byte, without our credentials', async () => {
    const { upstream, source, sink } = await setup(({ socket }) =>
      socket.write(answer(200, { ETag: '"abc"', 'Content-Type': 'image/png' }, BYTES)),
    );
    const target =
      "/photos//a/../b%2Fc+d%2Be'(1)~%7e.jpg?x-id=GetObject&response-content-type=image%2Fpng&X-Amz-Signature=a%2Bb%2F%3D&&z";
    const metadata = await source.download(source.identify(upstream.origin + target), sink, never);

    expect(upstream.requests[0]?.target).toBe(target);
    expect([...(upstream.requests[0]?.headers.keys() ?? [])].toSorted()).toEqual([
      'accept-encoding',
      'connection',
      'host',
    ]);
    expect(upstream.requests[0]?.headers.get('accept-encoding')).toBe('identity');
    expect(metadata).toEqual({ etag: '"abc"', contentType: 'image/png', announcedBytes: BYTES.length });
    expect(sink.bytes.equals(BYTES)).toBe(true);
  });

  test('is encoded only where it has characters that a request line cannot contain', async () => {
    const { upstream, source, sink } = await setup(({ socket }) => socket.write(answer(200, {}, 'x')));
    await source.download(source.identify(`${upstream.origin}/photos/ä b%c3%a4.jpg?Signature=ü`), sink, never);
    expect(upstream.requests[0]?.target).toBe('/photos/%C3%A4%20b%c3%a4.jpg?Signature=%C3%BC');
  });

  test('shares sockets with the next one', async () => {
    const { upstream, get } = await setup(({ socket }) => socket.write(answer(200, {}, BYTES)));
    for (let round = 0; round < 5; round++) await get();
    expect(upstream.requests).toHaveLength(5);
    expect(upstream.connections).toBe(1);
  });
});

describe('T30: redirects', () => {
  test.each([301, 302, 303, 307, 308])('%i is refused, and its target is not contacted', async (status) => {
    const target = await startRawUpstream(({ socket }) => socket.write(answer(200, {}, 'secret')));
    cleanups.push(() => target.close());
    const { upstream, get } = await setup(({ socket }) =>
      socket.write(answer(status, { Location: `${target.origin}/x?X-Amz-Signature=CANARY1` })),
    );
    const error = await refusal(get());
    expect(error.code).toBe('UPSTREAM_REDIRECT');
    expectNoSecrets(error);
    expect(upstream.requests).toHaveLength(1);
    expect(target.connections).toBe(0);
  });

  test('a Location with 200 is ignored', async () => {
    const { get, sink } = await setup(({ socket }) =>
      socket.write(answer(200, { Location: 'http://127.0.0.1:1/' }, 'x')),
    );
    await get();
    expect(sink.bytes.toString()).toBe('x');
  });
});

describe('T32: a cut body', () => {
  const half = answer(200, { 'Content-Length': 1_000 }, Buffer.alloc(100));
  test.each([
    ['FIN', (request: RawRequest) => request.socket.end(half)],
    ['RST', (request: RawRequest) => request.socket.write(half, () => request.socket.resetAndDestroy())],
    [
      'FIN in a chunk',
      ({ socket }: RawRequest) => socket.end(answer(200, { 'Transfer-Encoding': 'chunked' }, 'ff\r\nabc')),
    ],
  ])('by %s is tried three times, into an empty sink, then refused', async (_, cut) => {
    const { upstream, get, sink } = await setup(cut);
    const error = await refusal(get());
    expect(error.code).toBe('UPSTREAM_TRUNCATED');
    expectNoSecrets(error);
    expect(upstream.requests).toHaveLength(3);
    expect(sink.resets).toBe(2);
    await expectIdle(upstream);
  });

  test('that only the sink notices is tried again, too', async () => {
    const { upstream, get, sink } = await setup(({ socket, number }) =>
      socket.end(answer(200, { 'X-Unframed': 1 }, number === 1 ? 'half' : 'whole')),
    );
    sink.complete = async () => {
      if (sink.bytes.toString() !== 'whole') throw new ImageCacheError('UPSTREAM_TRUNCATED', 'cut');
    };
    await get();
    expect(sink.bytes.toString()).toBe('whole');
    expect(upstream.requests).toHaveLength(2);
  });

  test('T37: is complete when the second attempt succeeds', async () => {
    const { upstream, get, sink } = await setup(({ socket, number }) =>
      number === 1 ? socket.write(half, () => socket.resetAndDestroy()) : socket.write(answer(200, {}, BYTES)),
    );
    await get();
    expect(sink.bytes.equals(BYTES)).toBe(true);
    expect(upstream.requests).toHaveLength(2);
  });

  test('T37: a reset while the body is not being read does not end the process', async () => {
    const { get, sink } = await setup(({ socket, number }) =>
      number === 1
        ? socket.write(answer(200, { 'Content-Length': BYTES.length }, BYTES.subarray(0, 50_000)), () =>
            socket.resetAndDestroy(),
          )
        : socket.write(answer(200, {}, 'y')),
    );
    const write = sink.write.bind(sink);
    sink.write = async (chunk) => {
      await delay(50);
      await write(chunk);
    };
    await get();
    expect(sink.bytes.toString()).toBe('y');
  });
});

test('an error of the sink is passed on unchanged, and there is no other attempt', async () => {
  const { upstream, get, sink } = await setup(({ socket }) => socket.write(answer(200, {}, BYTES)));
  const full = new ImageCacheError('CACHE_DISK_FULL', 'full');
  sink.write = async () => {
    throw full;
  };
  await expect(get()).rejects.toBe(full);
  sink.write = async () => {};
  sink.complete = async () => {
    throw new ImageCacheError('NOT_AN_IMAGE', 'no image');
  };
  expect((await refusal(get())).code).toBe('NOT_AN_IMAGE');
  expect(upstream.requests).toHaveLength(2);
});

describe('limits of time', () => {
  test.each([
    ['with a length', answer(200, { 'Content-Length': 1_000 }, Buffer.alloc(100))],
    [
      'with a checksum',
      answer(200, { 'Content-Length': 1_000, 'x-amz-checksum-crc32': 'AAAAAA==' }, Buffer.alloc(100)),
    ],
    ['without a length', answer(200, { 'X-Unframed': 1 }, Buffer.alloc(100))],
  ])('T34: a body that stops, %s, ends at the idle limit', async (_, head) => {
    const { get, clock, upstream } = await setup(({ socket }) => socket.write(head), { timeouts: BRISK });
    const start = clock.now();
    const error = await refusal(get());
    expect(error.code).toBe('UPSTREAM_TIMEOUT');
    expectNoSecrets(error);
    expect(clock.now() - start).toBeGreaterThan(1_900);
    expect(clock.now() - start).toBeLessThan(BRISK.idle + 20 * 1_000 * slowness().clock);
    await expectIdle(upstream);
  });

  test('T34: a consumer that is slower than the idle limit does not count as a stopped body', async () => {
    const { get, sink } = await setup(({ socket }) => socket.write(answer(200, {}, BYTES)), {
      timeouts: { ...BRISK, idle: 6_000 },
    });
    const write = sink.write.bind(sink);
    sink.write = async (chunk) => {
      if (sink.written === 0) await delay(400);
      await write(chunk);
    };
    await get();
    expect(sink.bytes.equals(BYTES)).toBe(true);
  });

  test('T35: a server that accepts and never answers ends at the first-byte limit', async () => {
    const { get, upstream } = await setup(() => {}, { timeouts: BRISK });
    expect((await refusal(get())).code).toBe('UPSTREAM_TIMEOUT');
    expect(upstream.requests).toHaveLength(1);
    await expectIdle(upstream);
  });

  test('T35: TLS that never finishes ends at the connect limit', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    // A TCP server's address is never a pipe's name.
    const { port } = silent.address() as net.AddressInfo;
    const clock = fastClock(20);
    const origin = `https://127.0.0.1:${port}`;
    const source = createS3Source(
      sourceOptions([bucket('photos', { endpoint: new URL(origin) })], {
        timeouts: { ...BRISK, firstByte: 600_000, total: 600_000 },
      }),
      { clock },
    );
    cleanups.push(
      () => silent.close(),
      () => source.close(),
    );
    const error = await refusal(
      source.download(source.identify(`${origin}/photos/a.jpg${SIGNED}`), new MemorySink(), never),
    );
    expect(error).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      hint: expect.stringContaining('timeouts.connect'),
    });
  });

  test('T36: one byte at a time ends at the total limit, and other downloads continue', async () => {
    const { get, sink, upstream } = await setup(
      ({ socket, target }) => {
        if (target.includes('fast')) return socket.write(answer(200, {}, BYTES));
        socket.write(answer(200, { 'Content-Length': 10_000 }));
        const drip = setInterval(() => socket.write('x'), 10);
        return socket.on('close', () => clearInterval(drip));
      },
      { timeouts: { ...BRISK, firstByte: 60_000, idle: 60_000, total: 20_000 } },
    );
    const slow = refusal(get('slow.jpg', never, new MemorySink()));
    await get('fast.jpg');
    expect(sink.bytes.equals(BYTES)).toBe(true);
    expect(await slow).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      hint: expect.stringContaining('timeouts.total'),
    });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('T38: an origin that asks to slow down', () => {
  const slowDown = (headers = {}) => answer(503, headers, errorXml('SlowDown', 'Please reduce your request rate.'));

  test('twice gets a third request', async () => {
    const { get, sink, upstream } = await setup(({ socket, number }) =>
      socket.write(number < 3 ? slowDown() : answer(200, {}, BYTES)),
    );
    await get();
    expect(sink.bytes.equals(BYTES)).toBe(true);
    expect(upstream.requests).toHaveLength(3);
  });

  test('each time gets three requests', async () => {
    const { get, upstream } = await setup(({ socket }) => socket.write(slowDown({ 'Retry-After': 1 })));
    expect(await refusal(get())).toMatchObject({ code: 'UPSTREAM_THROTTLED', retryAfterMs: 1_000 });
    expect(upstream.requests).toHaveLength(3);
  });

  test('is not asked again before the time that it names', async () => {
    const arrivals: number[] = [];
    const { get, clock } = await setup(({ socket, number }) => {
      arrivals.push(clock.now());
      socket.write(number === 1 ? answer(429, { 'Retry-After': 5 }) : answer(200, {}, 'x'));
    });
    await get();
    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThan(4_900);
  });

  test('for longer than the download may take ends it at once', async () => {
    const { get, clock } = await setup(({ socket }) => socket.write(slowDown({ 'Retry-After': 999 })), {
      timeouts: { connect: 1_000, firstByte: 2_000, idle: 1_000, total: 9_000 },
    });
    const start = clock.now();
    expect((await refusal(get())).code).toBe('UPSTREAM_THROTTLED');
    expect(clock.now() - start).toBeLessThan(5_000 * slowness().clock);
  });

  test('makes all other downloads wait', async () => {
    let throttledUntil = 0;
    let tooEarly = 0;
    const { get, upstream, clock } = await setup(({ socket, number }) => {
      if (number === 1) {
        throttledUntil = clock.now() + 4_000;
        return socket.write(slowDown({ 'Retry-After': 4 }));
      }
      if (clock.now() < throttledUntil - 100) tooEarly++;
      return socket.write(answer(200, {}, 'x'));
    });
    const first = get('0.jpg', never, new MemorySink());
    await expect.poll(() => upstream.requests.length).toBe(1);
    await delay(20);
    await Promise.all([
      first,
      ...Array.from({ length: 49 }, (_, index) => get(`${index + 1}.jpg`, never, new MemorySink())),
    ]);
    expect(upstream.requests).toHaveLength(51);
    expect(tooEarly).toBe(0);
  });

  test('does not delay downloads from another origin', async () => {
    const slow = await startRawUpstream(({ socket }) => socket.write(slowDown({ 'Retry-After': 30 })));
    const healthy = await startRawUpstream(({ socket }) => socket.write(answer(200, {}, 'x')));
    const buckets = [slow, healthy].map(({ origin }) => bucket('photos', { endpoint: new URL(origin) }));
    const clock = fastClock(20);
    const source = createS3Source(sourceOptions(buckets), { clock });
    cleanups.push(
      () => slow.close(),
      () => healthy.close(),
      () => source.close(),
    );
    const get = (from: RawUpstream, signal = never) =>
      source.download(source.identify(`${from.origin}/photos/a.jpg${SIGNED}`), new MemorySink(), signal);
    const leaving = new AbortController();
    const throttled = refusal(get(slow, leaving.signal));
    await expect.poll(() => source.slowDowns).toBe(1);
    const start = clock.now();
    await get(healthy);
    expect(clock.now() - start).toBeLessThan(Math.min(30_000, 10_000 * slowness().clock)); // after 30 s it would have waited
    leaving.abort();
    expect((await throttled).code).toBe('ABORTED');
  });

  test('gets a request that was signed after the wait, because signatures expire', async () => {
    const { upstream, source, sink, clock } = await setup(({ socket }) => socket.write(answer(200, {}, 'x')));
    const options = sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]);
    const httpClient = createHttpClient(options, clock);
    cleanups.push(() => httpClient.close());
    const throttle = new Throttle(clock);
    const free = clock.now() + 2_000;
    throttle.hold(upstream.origin, 2_000);
    const prepare = async (): Promise<HttpRequest> => ({
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: upstream.port,
      path: `/photos/a.jpg?at=${clock.now()}`,
      headers: {},
    });
    const correctClock = () => undefined;
    const context = { ...options, clock, httpClient, throttle, prepare, correctClock, recognize: () => undefined };
    await download(source.identify('s3://photos/a.jpg'), sink, never, context);
    expect(upstream.requests.map(({ target }) => Number(target.split('=')[1]) >= free)).toEqual([true]);
  });
});

describe('T39: after a definite answer there is no other attempt', () => {
  test.each([
    [403, errorXml('AccessDenied', 'Request has expired'), 'UPSTREAM_EXPIRED'],
    [400, errorXml('ExpiredToken'), 'UPSTREAM_EXPIRED'],
    [403, errorXml('RequestTimeTooSkewed'), 'UPSTREAM_EXPIRED'],
    [403, errorXml('AccessDenied', 'Access Denied'), 'UPSTREAM_FORBIDDEN'],
    [403, '', 'UPSTREAM_FORBIDDEN'],
    [404, errorXml('NoSuchKey'), 'UPSTREAM_NOT_FOUND'],
    [412, errorXml('PreconditionFailed'), 'UPSTREAM_ERROR'],
  ])('%i %s', async (status, body, code) => {
    const { get, upstream } = await setup(({ socket }) => socket.write(answer(status, {}, body)));
    const error = await refusal(get());
    expect(error.code).toBe(code);
    expectNoSecrets(error);
    expect(upstream.requests).toHaveLength(1);
  });

  test('T19: the parts of the request that the origin quotes are not passed on', async () => {
    const quoted = errorXml(
      'SignatureDoesNotMatch',
      'CANARY1',
      '<AWSAccessKeyId>CANARY3</AWSAccessKeyId><StringToSign>CANARY2</StringToSign><Region>CANARY</Region><Endpoint>CANARY</Endpoint>',
    );
    const { get } = await setup(({ socket }) =>
      socket.write(answer(403, { ETag: 'CANARY', Location: 'CANARY', 'x-amz-bucket-region': 'CANARY' }, quoted)),
    );
    const error = await refusal(get());
    expect(error.code).toBe('UPSTREAM_FORBIDDEN');
    expectNoSecrets(error);
  });
});

describe('T40: answers that break the rules', () => {
  test.each([
    ['two Content-Lengths', answer(200, { 'Content-Length': ['5', '6'] }, 'abcdef')],
    ['two framings', answer(200, { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n')],
    ['100 kB of headers', answer(200, { 'X-Long': 'a'.repeat(100_000) }, 'x')],
    ['no HTTP at all', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['101', Buffer.from('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')],
    ['204', answer(204)],
    ['206', answer(206, { 'Content-Range': 'bytes 0-0/2' }, 'x')],
    ['304', answer(304)],
    ['418', answer(418, {}, 'teapot')],
  ])('%s', async (name, bytes) => {
    const { get, upstream, sink } = await setup(({ socket }) => socket.write(bytes));
    expect((await refusal(get())).code).toBe(name === '304' ? 'UPSTREAM_REDIRECT' : 'UPSTREAM_ERROR');
    expect(upstream.requests).toHaveLength(1);
    expect(sink.written).toBe(0);
  });

  test('a 500 is tried three times, and little of an endless body is read', async () => {
    const { get, upstream } = await setup(({ socket }) => {
      socket.write(answer(500, { 'Content-Length': 1_000_000_000 }));
      const pour = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', pour);
      pour();
    });
    const bytesBefore = process.memoryUsage().arrayBuffers;
    expect((await refusal(get())).code).toBe('UPSTREAM_ERROR');
    expect(upstream.requests).toHaveLength(3);
    expect(process.memoryUsage().arrayBuffers - bytesBefore).toBeLessThan(20_000_000);
    await expectIdle(upstream);
  });

  test('an XML entity bomb takes no time', async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "${'<Code>'.repeat(9_000)}">]>${'&a;'.repeat(5_000)}`;
    const { get } = await setup(({ socket }) => socket.write(answer(403, {}, bomb)));
    const before = cpuMs();
    expect((await refusal(get())).code).toBe('UPSTREAM_FORBIDDEN');
    expect(cpuMs() - before).toBeLessThan(100 * slowness().cpu);
  });

  test('an error with an endless body is still understood by its status', async () => {
    const { get } = await setup(({ socket }) => socket.write(answer(404, { 'Content-Length': 100 }, 'x')), {
      timeouts: BRISK,
    });
    expect((await refusal(get())).code).toBe('UPSTREAM_NOT_FOUND');
  });
});

describe('T41: an image over the limit', () => {
  const limit = { maxImageSize: 50_000 };

  test('by its Content-Length is refused before a byte of it is read', async () => {
    const { get, sink, upstream } = await setup(({ socket }) => socket.write(answer(200, {}, BYTES)), limit);
    expect((await refusal(get())).code).toBe('IMAGE_TOO_LARGE');
    expect(sink.written).toBe(0);
    expect(upstream.requests).toHaveLength(1);
    await expectIdle(upstream);
  });

  test('is cut to its announced length if it is longer', async () => {
    const { get, sink } = await setup(
      ({ socket }) => socket.write(answer(200, { 'Content-Length': 10 }, BYTES)),
      limit,
    );
    await get().catch(() => {});
    expect(sink.bytes.length).toBeLessThanOrEqual(10);
  });

  test('that never ends is stopped at the limit', async () => {
    const { get, sink, upstream } = await setup(({ socket }) => {
      socket.write(answer(200, { 'Transfer-Encoding': 'chunked' }));
      const chunk = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000), Buffer.from('\r\n')]);
      const pour = () => {
        while (socket.writable && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
    }, limit);
    expect((await refusal(get())).code).toBe('IMAGE_TOO_LARGE');
    expect(sink.written).toBeLessThanOrEqual(50_000);
    await expectIdle(upstream);
  });
});

describe('the headers of an answer', () => {
  test.each([
    ['x-amz-checksum-crc32', 'DUoRhQ==', 'hello world'],
    ['x-amz-checksum-sha256', 'uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=', 'hello world'],
    ['x-amz-checksum-sha1', 'Kq5sNclPz7QV2+lfQIuc6R7oRu0=', 'hello world'],
    ['x-amz-checksum-crc32c', '4waSgw==', '123456789'],
    ['x-amz-checksum-crc64nvme', 'rosUhgp5mIg=', '123456789'],
    ['content-md5', 'XrY7u+Ae7tCTyyK7j1rNww==', 'hello world'],
  ])('T43: %s is compared with the bytes', async (header, value, body) => {
    const good = await setup(({ socket }) => socket.write(answer(200, { [header]: value }, body)));
    await good.get();
    expect(good.sink.bytes.toString()).toBe(body);
    const bad = await setup(({ socket }) => socket.write(answer(200, { [header]: value }, `${body.slice(1)}_`)));
    expect((await refusal(bad.get())).code).toBe('UPSTREAM_CHECKSUM');
  });

  test('T43: a checksum of the parts of an upload is not a checksum of the bytes', async () => {
    const headers = {
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=',
      'x-amz-checksum-type': 'COMPOSITE',
      'x-amz-checksum-sha256': 'AAAA-3',
      'x-amz-checksum-crc32c': 'AAAAAA==-3',
    };
    const { get, sink } = await setup(({ socket }) => socket.write(answer(200, headers, 'x')));
    await get();
    expect(sink.bytes.toString()).toBe('x');
  });

  test('T18: an invalid ETag is dropped', async () => {
    const { get } = await setup(({ socket }) => socket.write(answer(200, { ETag: '"\u009b31m"' }, 'x')));
    expect((await get()).etag).toBe('');
  });
});

describe('cancelling', () => {
  test('before it begins opens no socket', async () => {
    const { get, upstream } = await setup(() => {});
    expect((await refusal(get('a.jpg', AbortSignal.abort()))).code).toBe('ABORTED');
    expect(upstream.connections).toBe(0);
  });

  test.each(['before the answer', 'in the body', 'in an error body'])('%s ends it at once', async (when) => {
    const controller = new AbortController();
    const { get, upstream } = await setup(({ socket }) => {
      if (when !== 'before the answer')
        socket.write(answer(when === 'in the body' ? 200 : 500, { 'Content-Length': 9 }, 'x'));
      setTimeout(() => controller.abort(new Error('CANARY')), 20);
    });
    const error = await refusal(get('a.jpg', controller.signal));
    expect(error.code).toBe('ABORTED');
    expect(upstream.requests).toHaveLength(1);
    await expectIdle(upstream);
  });

  test('while it waits for the next attempt ends it at once', async () => {
    const controller = new AbortController();
    const { get, upstream } = await setup(({ socket }) => {
      socket.write(answer(503, { 'Retry-After': 30 }));
      setTimeout(() => controller.abort(), 20);
    });
    expect((await refusal(get('a.jpg', controller.signal))).code).toBe('ABORTED');
    expect(upstream.requests).toHaveLength(1);
  });

  test('by closing the source ends all downloads without further attempts', async () => {
    const { get, source, upstream } = await setup(({ socket }) =>
      socket.write(answer(200, { 'Content-Length': 9 }, 'x')),
    );
    const downloads = [get(), get()].map((download) => refusal(download));
    await expect.poll(() => upstream.requests.length).toBe(2);
    source.close();
    expect((await Promise.all(downloads)).map(({ code }) => code)).toEqual(['ABORTED', 'ABORTED']);
    await expectIdle(upstream);
    expect(upstream.requests).toHaveLength(2);
  });

  test('T46: many downloads in the middle of their bodies leaves no socket open, and the next ones have full speed', async () => {
    const { get, upstream, source } = await setup(({ socket, target }) =>
      socket.write(
        target.includes('stuck') ? answer(200, { 'Content-Length': 200_000 }, BYTES) : answer(200, {}, BYTES),
      ),
    );
    const fifty = async () => {
      const start = performance.now();
      await Promise.all(Array.from({ length: 50 }, () => get('fine.jpg', never, new MemorySink())));
      return performance.now() - start;
    };
    const atFirst = await fifty();
    for (let round = 0; round < 2; round++) {
      const controller = new AbortController();
      const stuck = Array.from({ length: 40 }, () => refusal(get('stuck.jpg', controller.signal, new MemorySink())));
      const fine = Array.from({ length: 10 }, () => get('fine.jpg', never, new MemorySink()));
      setTimeout(() => controller.abort(), 50);
      await Promise.all([...stuck, ...fine]);
    }
    expect(await fifty()).toBeLessThan(Math.max(2_000, 5 * atFirst));
    expect(upstream.open).toBeLessThanOrEqual(32); // 16 for images on screen and 16 for all others
    source.close();
    await expectIdle(upstream);
  });
});

describe('T45: an origin that cannot be reached', () => {
  test.each([
    ['refuses', 'http://127.0.0.1:1', /No server listens at http:\/\/127\.0\.0\.1:1:/],
    ['has no name', 'http://no-such-host.invalid', /does not resolve/],
  ])('because it %s', async (_, origin, hint) => {
    const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(origin) })]), {
      clock: fastClock(20),
    });
    cleanups.push(() => source.close());
    const error = await refusal(
      source.download(source.identify(`${origin}/photos/a.jpg${SIGNED}`), new MemorySink(), never),
    );
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
    expect(error.hint).toMatch(hint);
    expectNoSecrets(error);
  });
});
