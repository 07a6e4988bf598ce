import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createS3Source } from '../../plugin/source/index.ts';
import { answer, errorXml, startRawUpstream, type RawRequest } from '../helpers/rawUpstream.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;
const cleanups: (() => unknown)[] = [];
let trueNow: () => number;

beforeEach(() => {
  const before = Date.now.bind(Date);
  trueNow = () => before();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** The time that a request was signed at, in milliseconds. */
function signedAt({ headers }: RawRequest): number {
  return Date.parse(
    (headers.get('x-amz-date') ?? '').replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)/, '$1-$2-$3:$4:$5'),
  );
}

/** A server whose clock is `aheadMs` ahead of ours, which refuses as S3 does what was signed more than 15 minutes from its own time. */
async function start(aheadMs: number, { headers = {}, refuse = errorXml('RequestTimeTooSkewed') } = {}) {
  vi.useFakeTimers({ toFake: ['Date'], now: trueNow() - aheadMs });
  const upstream = await startRawUpstream((request) => {
    const said = new Date(trueNow()).toUTCString();
    const isSkewed = Math.abs(signedAt(request) - trueNow()) > 15 * MINUTE;
    request.socket.write(isSkewed ? answer(403, { Date: said, ...headers }, refuse) : answer(200, { Date: said }, 'x'));
  });
  const endpoint = new URL(upstream.origin);
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint }), bucket('others', { endpoint })]), {
    clock: fastClock(20),
  });
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  const get = (url: string) => source.download(source.identify(url), new MemorySink(), never);
  return { upstream, get };
}

describe('N11: a clock that is wrong', () => {
  it.each([60 * MINUTE, -60 * MINUTE, 24 * 60 * MINUTE])(
    'by %i ms is corrected by the server’s time, once for all of its buckets',
    async (aheadMs) => {
      const { upstream, get } = await start(aheadMs);
      await get('s3://photos/first.jpg'); // made by the SDK
      expect(upstream.requests).toHaveLength(2);
      await get('s3://photos/second.jpg'); // made like it
      await get('s3://photos/third.jpg?versionId=1'); // by the SDK again
      await get('s3://others/fourth.jpg');
      expect(upstream.requests).toHaveLength(5);
    },
  );

  it('is corrected for all requests that were already sent', async () => {
    const { upstream, get } = await start(60 * MINUTE);
    await Promise.all(Array.from({ length: 8 }, (_, n) => get(`s3://photos/${n}.jpg`)));
    expect(upstream.requests.length).toBeLessThanOrEqual(16);
  });

  it.each(['AccessDenied', 'RequestExpired', 'RequestInTheFuture', 'InvalidSignature'])(
    'is corrected if a server answers %s',
    async (code) => {
      const { get } = await start(60 * MINUTE, { refuse: errorXml(code) });
      await get('s3://photos/a.jpg');
    },
  );

  it.each([
    ['does not say when it answered', { Date: 'no date' }],
    ['answers out of a cache', { Age: 3600 }],
  ])('is reported if the server %s', async (_, headers) => {
    const { upstream, get } = await start(60 * MINUTE, { headers });
    const error = await refusal(get('s3://photos/a.jpg'));
    expect(error.hint).toMatch(/clock of this machine/);
    expect(upstream.requests).toHaveLength(1);
  });

  it('is not corrected if it is right: the refusal is final', async () => {
    const upstream = await startRawUpstream(({ socket }) =>
      socket.write(answer(403, { Date: new Date(trueNow() + MINUTE).toUTCString() }, errorXml('AccessDenied'))),
    );
    const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]));
    cleanups.push(
      () => upstream.close(),
      () => source.close(),
    );
    const error = await refusal(source.download(source.identify('s3://photos/a'), new MemorySink(), never));
    expect(error.code).toBe('UPSTREAM_FORBIDDEN');
    expect(upstream.requests).toHaveLength(1);
  });

  it('is corrected once: a server with a changing time gets two requests', async () => {
    let hours = 0;
    const upstream = await startRawUpstream(({ socket }) => {
      hours += 5;
      const said = new Date(trueNow() + hours * 60 * MINUTE).toUTCString();
      socket.write(answer(403, { Date: said }, errorXml('RequestTimeTooSkewed')));
    });
    const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]));
    cleanups.push(
      () => upstream.close(),
      () => source.close(),
    );
    const error = await refusal(source.download(source.identify('s3://photos/a'), new MemorySink(), never));
    expect(error.code).toBe('UPSTREAM_EXPIRED');
    expect(upstream.requests).toHaveLength(2);
  });

  it('does not change a URL that was signed elsewhere', async () => {
    const upstream = await startRawUpstream(({ socket }) =>
      socket.write(
        answer(403, { Date: new Date(trueNow() + 60 * MINUTE).toUTCString() }, errorXml('RequestTimeTooSkewed')),
      ),
    );
    const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]));
    cleanups.push(
      () => upstream.close(),
      () => source.close(),
    );
    const url = `${upstream.origin}/photos/a?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-Signature=s`;
    const error = await refusal(source.download(source.identify(url), new MemorySink(), never));
    expect(error.hint).toMatch(/clock of the machine that signed the URL/);
    expect(upstream.requests).toHaveLength(1);
  });
});
