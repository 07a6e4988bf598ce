import { createHash, randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Proof } from '../../plugin/cache/injected/inspector.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import { recognizeImage } from '../../plugin/images/index.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { answer, startRawUpstream, type RawRequest } from '../helpers/rawUpstream.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const MAX = 1_000_000;
const never = new AbortController().signal;
/** A JPEG by its first bytes; more than one chunk. */
const IMAGE = Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), Buffer.alloc(200_000, 'pixels')]);
const TEXT = Buffer.alloc(100_000, 'no image, but compressible ');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const wrongSum = zlib.gzipSync(TEXT);
wrongSum.fill(0, wrongSum.length - 8);

class ProofSink extends MemorySink {
  readonly proofs: Proof[] = [];
  etags: string[] = [];
  refuse: ImageCacheError | undefined;

  override begin({ etag }: { etag: string } = { etag: '' }): void {
    this.etags.push(etag);
  }

  override async complete(proof: Proof = 'structure'): Promise<void> {
    this.proofs.push(proof);
    if (proof === 'structure' && this.refuse !== undefined) throw this.refuse;
  }
}

async function setup(handle: (request: RawRequest) => unknown) {
  const upstream = await startRawUpstream(handle);
  const endpoint = new URL(upstream.origin);
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint })], { maxImageSize: MAX }), {
    clock: fastClock(20),
    recognize: recognizeImage,
  });
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  const sink = new ProofSink();
  const get = () => source.download(source.identify(`${upstream.origin}/photos/a.jpg?X-Amz-Signature=1`), sink, never);
  return { upstream, source, sink, get };
}

const sent = (coding: string, body: Buffer, headers = {}) =>
  setup(({ socket }) => socket.write(answer(200, { 'Content-Encoding': coding, ...headers }, body)));
/** Ends with the connection, as HTTP/1.0 does. */
const unannounced = (coding: string, body: Buffer) =>
  setup(({ socket }) => socket.end(answer(200, { 'Content-Encoding': coding, 'X-Unframed': 1 }, body)));

describe('N1: a Content-Encoding that browsers do not know is ignored', () => {
  test.each([
    'base64',
    'UTF-8',
    'utf8',
    'none',
    'null',
    'aws-chunked',
    'identity',
    'binary',
    'gzip, base64',
    'image/jpeg',
    '',
  ])('%j', async (coding) => {
    const { sink, get } = await sent(coding, IMAGE);
    await get();
    expect(sink.bytes.equals(IMAGE)).toBe(true);
    expect(sink.proofs).toEqual(['announced']);
  });
});

describe('N1: a Content-Encoding that browsers know is decoded', () => {
  test.each([
    ['gzip', zlib.gzipSync(IMAGE)],
    ['GZIP', zlib.gzipSync(IMAGE)],
    ['x-gzip', zlib.gzipSync(IMAGE)],
    ['gzip', Buffer.concat([zlib.gzipSync(IMAGE.subarray(0, 1000)), zlib.gzipSync(IMAGE.subarray(1000))])],
    ['deflate', zlib.deflateSync(IMAGE)],
    ['deflate', zlib.deflateRawSync(IMAGE)],
    ['br', zlib.brotliCompressSync(IMAGE)],
    ['gzip, gzip', zlib.gzipSync(zlib.gzipSync(IMAGE))],
    ['deflate, br', zlib.brotliCompressSync(zlib.deflateRawSync(IMAGE))],
  ])('%s', async (coding, body) => {
    const { sink, get } = await sent(coding, body, { ETag: '"1"' });
    expect(await get()).toMatchObject({ etag: '"1"' });
    expect(sink.bytes.equals(IMAGE)).toBe(true);
    expect(sink.proofs).toEqual(['announced']);
  });

  test('zstd, if Node supports it', async () => {
    if (!('zstdCompressSync' in zlib)) return;
    const { sink, get } = await sent('zstd', zlib.zstdCompressSync(IMAGE));
    await get();
    expect(sink.bytes.equals(IMAGE)).toBe(true);
  });

  test('also if no length was announced; then the structure of the image decides', async () => {
    const { sink, get } = await unannounced('gzip', zlib.gzipSync(IMAGE));
    await get();
    expect(sink.bytes.equals(IMAGE)).toBe(true);
    expect(sink.proofs).toEqual(['structure']);
  });

  test('T43: a checksum covers the coded bytes, and proves that all of them have arrived', async () => {
    const coded = zlib.gzipSync(IMAGE);
    const sum = createHash('sha256').update(coded).digest('base64');
    const good = await setup(({ socket }) =>
      socket.end(answer(200, { 'Content-Encoding': 'gzip', 'x-amz-checksum-sha256': sum, 'X-Unframed': 1 }, coded)),
    );
    await good.get();
    expect(good.sink.proofs).toEqual(['announced']);
    const bad = await sent('gzip', zlib.gzipSync(TEXT), { 'x-amz-checksum-sha256': sum });
    expect((await refusal(bad.get())).code).toBe('UPSTREAM_CHECKSUM');
    expect(bad.upstream.requests).toHaveLength(3);
  });

  test.each(['gzip', 'br', 'deflate', 'gzip, gzip'])('%s over plain image bytes: the bytes decide', async (coding) => {
    const { sink, get } = await sent(coding, IMAGE);
    await get();
    expect(sink.bytes.equals(IMAGE)).toBe(true);
  });

  test('an empty body is empty', async () => {
    const { sink, get } = await sent('gzip', Buffer.alloc(0));
    await get().catch(() => undefined);
    expect(sink.bytes).toHaveLength(0);
  });
});

describe('N1: bytes that do not match their Content-Encoding are refused once', () => {
  test.each([
    ['gzip over text', 'gzip', TEXT],
    ['br over text', 'br', TEXT],
    ['deflate over text', 'deflate', TEXT],
    ['gzip that ends early, though all of it has come', 'gzip', zlib.gzipSync(TEXT).subarray(0, -20)],
    ['gzip with a wrong checksum', 'gzip', wrongSum],
    ['br that ends early', 'br', zlib.brotliCompressSync(IMAGE).subarray(0, -3)],
    ['four codings', 'gzip, gzip, gzip, gzip', zlib.gzipSync(TEXT)],
  ])('%s', async (_name, coding, body) => {
    const { upstream, get } = await sent(coding, body);
    const error = await refusal(get());
    expect(error.code).toBe('UNSUPPORTED_ENCODING');
    expect(error.hint).toContain('without Content-Encoding');
    expect(upstream.requests).toHaveLength(1);
  });

  test('and the rest of the body is not read', async () => {
    const { upstream, get } = await setup(({ socket }) =>
      socket.write(answer(200, { 'Content-Encoding': 'gzip', 'Content-Length': MAX }, TEXT)),
    );
    expect((await refusal(get())).code).toBe('UNSUPPORTED_ENCODING');
    await expect.poll(() => upstream.open).toBe(0);
  });

  test('a coded body that ends early without an announced length may have been cut, so it is tried again', async () => {
    const coded = zlib.gzipSync(IMAGE);
    const { upstream, sink, get } = await setup(({ socket, number }) =>
      socket.end(
        answer(200, { 'Content-Encoding': 'gzip', 'X-Unframed': 1 }, number === 1 ? coded.subarray(0, -9) : coded),
      ),
    );
    await get();
    expect(sink.bytes.equals(IMAGE)).toBe(true);
    expect(upstream.requests).toHaveLength(2);
  });
});

test('T46: aborting in the middle of a coded body frees its socket', async () => {
  const coded = zlib.gzipSync(randomBytes(200_000));
  const { upstream, source, sink } = await setup(({ socket }) =>
    socket.write(
      answer(200, { 'Content-Encoding': 'gzip', 'Content-Length': coded.length }, coded.subarray(0, 150_000)),
    ),
  );
  const giveUp = new AbortController();
  sink.write = async () => giveUp.abort();
  const object = source.identify(`${upstream.origin}/photos/a.jpg?X-Amz-Signature=1`);
  expect((await refusal(source.download(object, sink, giveUp.signal))).code).toBe('ABORTED');
  await expect.poll(() => upstream.open).toBe(0);
});

describe('T41, N1: a decompression bomb', () => {
  const bomb = zlib.gzipSync(Buffer.alloc(50 * MAX));
  test.each([
    ['of zeros', 'gzip', bomb],
    ['within a bomb', 'gzip, gzip', zlib.gzipSync(bomb)],
    ['of brotli', 'br', zlib.brotliCompressSync(Buffer.alloc(50 * MAX))],
    // What it holds in the end is nothing, and only the way there is long.
    [
      'whose middle is large and whose end is empty',
      'gzip, gzip',
      zlib.gzipSync(Buffer.alloc(2 * MAX, zlib.gzipSync(''))),
    ],
  ])('%s is stopped at the limit of an image', async (_name, coding, body) => {
    const { upstream, sink, get } = await sent(coding, body);
    expect((await refusal(get())).code).toBe('IMAGE_TOO_LARGE');
    expect(sink.written).toBeLessThanOrEqual(MAX);
    expect(upstream.requests).toHaveLength(1);
  });

  test('is decoded no faster than it is consumed', async () => {
    const { sink, get } = await sent('gzip', zlib.gzipSync(Buffer.alloc(MAX)));
    let largest = 0;
    const write = sink.write.bind(sink);
    sink.write = async (chunk) => {
      largest = Math.max(largest, chunk.length);
      await write(chunk);
    };
    await get();
    expect(sink.written).toBe(MAX);
    expect(largest).toBeLessThanOrEqual(128 * 1024);
  });
});

describe('N2: what proves that an image is complete', () => {
  const whole = answer(200, { 'Content-Length': IMAGE.length }, IMAGE);
  const chunked = Buffer.concat([
    answer(200, { 'Transfer-Encoding': 'chunked' }),
    Buffer.from(`${IMAGE.length.toString(16)}\r\n`),
    IMAGE,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  test.each([
    ['its announced length', 'announced', whole],
    ['the length of HTTP/1.0', 'announced', Buffer.from(whole.toString('latin1').replace('1.1', '1.0'), 'latin1')],
    ['chunks, which a proxy may have made of anything: nothing', 'structure', chunked],
    ['the end of the connection: nothing', 'structure', answer(200, { 'X-Unframed': 1 }, IMAGE)],
  ])('%s', async (_name, proof, bytes) => {
    const { sink, get } = await setup(({ socket }) => socket.end(bytes));
    await get();
    expect(sink.bytes.equals(IMAGE)).toBe(true);
    expect(sink.proofs).toEqual([proof]);
  });

  test('T33: a body that ends at the same byte twice is not requested a third time: the origin has no more', async () => {
    const { upstream, sink, get } = await setup(({ socket }) => socket.end(answer(200, { 'X-Unframed': 1 }, IMAGE)));
    sink.refuse = new ImageCacheError('UPSTREAM_TRUNCATED', 'cut');
    expect(await refusal(get())).toBe(sink.refuse);
    expect(upstream.requests).toHaveLength(2);
  });

  test('T33: a body that ends at another byte each time was cut by the network, and the object is not reported as incomplete', async () => {
    const { upstream, sink, get } = await setup(({ socket, number }) =>
      socket.end(answer(200, { 'X-Unframed': 1 }, IMAGE.subarray(0, number * 1000))),
    );
    sink.refuse = new ImageCacheError('UPSTREAM_TRUNCATED', 'cut');
    const error = await refusal(get());
    expect(error.code).toBe('UPSTREAM_TRUNCATED');
    expect(error).not.toBe(sink.refuse);
    expect(upstream.requests).toHaveLength(3);
  });

  test('known bytes are not read again from an origin that does not support conditions', async () => {
    const upstream = await startRawUpstream(({ socket }) => socket.write(answer(200, { ETag: '"1"' }, IMAGE)));
    const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]));
    cleanups.push(
      () => upstream.close(),
      () => source.close(),
    );
    const sink = new ProofSink();
    const object = source.identify(`${upstream.origin}/photos/a.jpg?X-Amz-Signature=1`);
    expect(await source.download(object, sink, never, '"1"')).toMatchObject({ notModified: true });
    expect(sink.written).toBe(0);
  });
});
