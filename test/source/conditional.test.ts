import { afterEach, describe, expect, test } from 'vitest';
import { createS3Source } from '../../plugin/source/index.ts';
import { answer, startRawUpstream, type RawRequest } from '../helpers/rawUpstream.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const BYTES = Buffer.from('the image as it is now');
const TARGET = '/photos/a%2Bb.jpg?X-Amz-Credential=x&X-Amz-Signature=a%2Bb%2F';
const never = new AbortController().signal;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function setup(handle: (request: RawRequest) => unknown) {
  const upstream = await startRawUpstream(handle);
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]), {
    clock: fastClock(20),
  });
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  const sink = new MemorySink();
  const ask = (etag?: string) => source.download(source.identify(upstream.origin + TARGET), sink, never, etag);
  return { upstream, sink, ask };
}

const notModified = ({ socket }: RawRequest) => socket.write('HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n');

describe('a download if the object has changed', () => {
  test('sends the signed URL byte for byte, with the ETag beside it, and puts nothing into the sink on a 304', async () => {
    const { upstream, sink, ask } = await setup(notModified);
    expect(await ask('"1"')).toMatchObject({ etag: '"1"', notModified: true });
    expect(upstream.requests[0]?.target).toBe(TARGET);
    expect(upstream.requests[0]?.headers.get('if-none-match')).toBe('"1"');
    expect(sink.written).toBe(0);
  });

  test('keeps its connection for the next one, so that a sync of many images opens few', async () => {
    const { upstream, ask } = await setup(notModified);
    for (let n = 0; n < 10; n += 1) await ask('"1"');
    expect(upstream.requests).toHaveLength(10);
    expect(upstream.connections).toBe(1);
  });

  test('downloads an object that has changed', async () => {
    const { sink, ask } = await setup(({ socket }) => socket.write(answer(200, { ETag: '"2"' }, BYTES)));
    const metadata = await ask('"1"');
    expect(metadata).toMatchObject({ etag: '"2"' });
    expect(metadata.notModified).toBeUndefined();
    expect(sink.bytes.equals(BYTES)).toBe(true);
  });

  test.each([
    ['there is none', ''],
    ['it has a line break', '"1"\r\nX-Injected: 1'],
    ['it is no ASCII', '"ä"'],
    ['it is too long', `"${'1'.repeat(300)}"`],
  ])('T18: is a normal one if the ETag cannot be sent, because %s', async (_, etag) => {
    const { upstream, sink, ask } = await setup(({ socket }) => socket.write(answer(200, {}, BYTES)));
    await ask(etag);
    const names = [...(upstream.requests[0]?.headers.keys() ?? [])];
    expect(names).not.toContain('if-none-match');
    expect(names).not.toContain('x-injected');
    expect(sink.bytes.equals(BYTES)).toBe(true);
  });

  test('a 304 to an unconditional request is an error, as any other answer without the image', async () => {
    const { ask } = await setup(notModified);
    expect((await refusal(ask())).code).toBe('UPSTREAM_REDIRECT');
  });
});
