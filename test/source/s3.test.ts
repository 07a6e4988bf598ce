import net from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ResolvedBucket } from '../../plugin/options.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { createS3Signer } from '../../plugin/source/s3.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';
import { answer, errorXml, startRawUpstream } from '../helpers/rawUpstream.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const sdk = vi.hoisted(() => ({ imports: 0 }));
vi.mock('@aws-sdk/client-s3', (original) => {
  sdk.imports++;
  return original();
});

const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

test('the SDK is imported by the first bare URL, not by a signed one', async () => {
  const upstream = await startRawUpstream(({ socket }) => socket.write(answer(200, {}, 'x')));
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin) })]));
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  await source.download(source.identify(`${upstream.origin}/photos/a?X-Amz-Signature=s`), new MemorySink(), never);
  expect(sdk.imports).toBe(0);
  await source.download(source.identify(`${upstream.origin}/photos/a`), new MemorySink(), never);
  expect(sdk.imports).toBe(1);
});

describe.each([
  ['of a bucket', false],
  ['of a bucket that was read before', true],
])('a bare URL %s', (_, isLater) => {
  async function sign(url: string, entry: ResolvedBucket) {
    const connect = vi.spyOn(net.Socket.prototype, 'connect');
    const signer = createS3Signer();
    const identify = createIdentify({ buckets: [entry], resolveKey: undefined });
    if (isLater) await signer.sign(identify(`s3://${entry.name}/another/one.jpg`));
    const request = await signer.sign(identify(url));
    signer.close();
    expect(connect).not.toHaveBeenCalled();
    return `${request.protocol}//${request.hostname}${request.port === undefined ? '' : `:${request.port}`}${request.path}`;
  }

  test('T43: asks S3 for the checksum, and no other server', async () => {
    const headersOf = async (entry: ResolvedBucket) => {
      const signer = createS3Signer();
      cleanups.push(() => signer.close());
      if (isLater) await signer.sign(createIdentify({ buckets: [entry], resolveKey: undefined })('s3://pics/one'));
      return (await signer.sign(createIdentify({ buckets: [entry], resolveKey: undefined })('s3://pics/a'))).headers;
    };
    expect(await headersOf(bucket('pics', { region: 'eu-west-3' }))).toMatchObject({
      'x-amz-checksum-mode': 'ENABLED',
    });
    const elsewhere = bucket('pics', { endpoint: new URL('https://a.eu.r2.cloudflarestorage.com'), region: 'auto' });
    expect(await headersOf(elsewhere)).not.toHaveProperty('x-amz-checksum-mode');
  });

  test.each<[string, ResolvedBucket, string]>([
    [
      's3://pics/a.jpg',
      bucket('pics', { region: 'eu-west-3' }),
      'https://pics.s3.eu-west-3.amazonaws.com/a.jpg?x-id=GetObject',
    ],
    [
      's3://my.pics/a',
      bucket('my.pics', { region: 'eu-west-3' }),
      'https://s3.eu-west-3.amazonaws.com/my.pics/a?x-id=GetObject',
    ],
    [
      's3://pics/a',
      bucket('pics', { region: 'cn-north-1' }),
      'https://pics.s3.cn-north-1.amazonaws.com.cn/a?x-id=GetObject',
    ],
    [
      's3://pics/a',
      bucket('pics', { endpoint: new URL('http://[::1]:9000') }),
      'http://::1:9000/pics/a?x-id=GetObject',
    ],
    [
      's3://pics/a',
      bucket('pics', { endpoint: new URL('https://a.eu.r2.cloudflarestorage.com'), region: 'auto' }),
      'https://a.eu.r2.cloudflarestorage.com/pics/a?x-id=GetObject',
    ],
    [
      's3://pics/a',
      bucket('pics', { endpoint: new URL('https://s3.example.com'), forcePathStyle: false }),
      'https://pics.s3.example.com/a?x-id=GetObject',
    ],
    [
      's3://pics/a',
      bucket('pics', { endpoint: new URL('https://x.supabase.co/storage/v1/s3') }),
      'https://x.supabase.co/storage/v1/s3/pics/a?x-id=GetObject',
    ],
  ])('%s is requested from the server of the bucket: %#', async (url, entry, expected) => {
    expect(await sign(url, entry)).toBe(expected);
  });

  test.each([
    ['//a', '/b//a'],
    ['/a/../b', '/b/a/../b'],
    ['/ä b+c%2B(1).jpg', '/b/%C3%A4%20b%2Bc%2B%281%29.jpg'],
    ['/a%2Fb', '/b/a/b'],
    ['/50%.jpg', '/b/50%25.jpg'],
  ])('T24: the key %s is requested as %s', async (key, path) => {
    const target = await sign(`s3://b${key}`, bucket('b', { endpoint: new URL('http://localhost:9000') }));
    expect(target).toBe(`http://localhost:9000${path}?x-id=GetObject`);
  });

  test('keeps the version, and sends no parameters that only change headers', async () => {
    const target = await sign(
      's3://b/a?versionId=v/1&response-content-type=image/png&response-cache-control=no-store&response-expires=Thu%2C%2001%20Jan%202026%2000:00:00%20GMT',
      bucket('b', { region: 'eu-west-3' }),
    );
    expect(new URL(target).searchParams.toString().split('&').toSorted()).toEqual([
      'versionId=v%2F1',
      'x-id=GetObject',
    ]);
  });
});

test('each attempt is signed again, with the current credentials', async () => {
  const sessions = ['first', undefined, 'third'];
  const upstream = await startRawUpstream(({ socket, number }) => {
    session = sessions[number];
    socket.write(number < 3 ? answer(500, {}, errorXml('InternalError')) : answer(200, {}, 'x'));
  });
  let session = sessions[0];
  const credentials = async () => ({
    accessKeyId: `AK-${session}`,
    secretAccessKey: 'secret',
    ...(session !== undefined && { sessionToken: session }),
    expiration: new Date(), // so that they are asked for each time
  });
  const source = createS3Source(
    sourceOptions([bucket('photos', { endpoint: new URL(upstream.origin), credentials })]),
    {
      clock: fastClock(20),
    },
  );
  cleanups.push(
    () => upstream.close(),
    () => source.close(),
  );
  await source.download(source.identify('s3://photos/a'), new MemorySink(), never);
  for (const [n, { headers }] of upstream.requests.entries()) {
    expect(headers.get('authorization')).toContain(`Credential=AK-${sessions[n]}/`);
    expect(headers.get('x-amz-security-token')).toBe(sessions[n]);
  }
  expect(upstream.requests).toHaveLength(3);
});

describe('without credentials or a region', () => {
  function setup(entry: ResolvedBucket, total = 60_000) {
    const timeouts = { connect: 1_000, firstByte: 1_000, idle: 1_000, total };
    const source = createS3Source(sourceOptions([entry], { timeouts }), { clock: fastClock(20) });
    cleanups.push(() => source.close());
    return (signal = never) =>
      refusal(source.download(source.identify(`s3://${entry.name}/a`), new MemorySink(), signal));
  }

  test.each([
    ['', 'Vite does not put the values of `.env` files into the environment'],
    ['nope', 'The profile `nope` in AWS_PROFILE has none'],
  ])('the hint depends on the profile (%j)', async (profile, hint) => {
    vi.stubEnv('AWS_PROFILE', profile);
    const credentials = async () => {
      throw Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      });
    };
    const error = await setup(bucket('b', { region: 'eu-west-3', credentials }))();
    expect(error).toMatchObject({ code: 'UPSTREAM_FORBIDDEN', hint: expect.stringContaining(hint) });
  });

  test('missing credentials are reported, after one attempt', async () => {
    let asked = 0;
    const credentials = async () => {
      asked++;
      throw Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      });
    };
    const error = await setup(bucket('b', { region: 'eu-west-3', credentials }))();
    expect(error).toMatchObject({ code: 'UPSTREAM_FORBIDDEN', hint: expect.stringContaining('AWS_PROFILE') });
    expect(asked).toBe(1);
  });

  test('a missing region is reported', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');
    const error = await setup(bucket('b'))();
    expect(error).toMatchObject({ code: 'UPSTREAM_ERROR', hint: expect.stringContaining('AWS_REGION') });
  });

  test('a provider that never answers ends at the total limit, or when the download is cancelled', async () => {
    const download = setup(bucket('b', { region: 'eu-west-3', credentials: () => new Promise(() => {}) }), 2_000);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    expect((await download(controller.signal)).code).toBe('ABORTED');
    expect((await download()).code).toBe('UPSTREAM_TIMEOUT');
  });
});
