import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BucketOptions } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { createS3Source } from '../../plugin/source/index.ts';
import { answer, startRawUpstream } from '../helpers/rawUpstream.ts';
import { MemorySink, refusal } from '../helpers/source.ts';

const LOCALSTACK = 'http://localhost:4566';
const resolveBucket = (bucket: string | BucketOptions, env: Record<string, string>) => {
  const [resolved] = resolveOptions({ buckets: [bucket] }, env).buckets;
  if (resolved === undefined) throw new Error('there is one bucket');
  return resolved;
};

describe('N12: a bucket without an endpoint', () => {
  it.each([
    [{ AWS_ENDPOINT_URL: LOCALSTACK }, `${LOCALSTACK}/`],
    [{ AWS_ENDPOINT_URL_S3: 'http://minio:9000', AWS_ENDPOINT_URL: LOCALSTACK }, 'http://minio:9000/'],
    [{ AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: LOCALSTACK }, `${LOCALSTACK}/`],
    [{ AWS_ENDPOINT_URL_SQS: LOCALSTACK }, undefined],
    [{ AWS_ENDPOINT_URL: '' }, undefined],
    [{ AWS_ENDPOINT_URL: LOCALSTACK, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
    [{ AWS_ENDPOINT_URL: LOCALSTACK, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false' }, `${LOCALSTACK}/`],
    [{}, undefined],
  ])('is at the endpoint of %j, as in the AWS SDK', (env, expected) => {
    expect(resolveBucket('photos', env).endpoint?.href).toBe(expected);
  });

  it('is read there in path style, in the region of the environment', () => {
    expect(resolveBucket('photos', { AWS_ENDPOINT_URL: LOCALSTACK })).toMatchObject({
      region: 'us-east-1',
      forcePathStyle: true,
    });
    const env = { AWS_ENDPOINT_URL: LOCALSTACK, AWS_REGION: 'eu-west-3' };
    expect(resolveBucket('photos', env).region).toBe('eu-west-3');
    expect(resolveBucket({ name: 'photos', region: 'eu-west-1', forcePathStyle: false }, env)).toMatchObject({
      region: 'eu-west-1',
      forcePathStyle: false,
    });
  });

  it('keeps its own endpoint if it has one', () => {
    const env = { AWS_ENDPOINT_URL: LOCALSTACK, AWS_REGION: 'eu-west-3' };
    const own = resolveBucket({ name: 'photos', endpoint: 'https://s3.example.com' }, env);
    expect([own.endpoint?.href, own.region]).toEqual(['https://s3.example.com/', 'us-east-1']);
  });

  it.each(['localhost:4566', 'minio', 'ftp://minio', 'http://undefined:9000', 'http://user:CANARY@'])(
    'is refused with the name of the variable if that is %s',
    async (value) => {
      const error = await refusal(() => resolveBucket('photos', { AWS_ENDPOINT_URL_S3: value }));
      expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('AWS_ENDPOINT_URL_S3') });
      expect(JSON.stringify(error.toItem())).not.toContain('CANARY');
      const unused = { name: 'photos', endpoint: 'https://s3.example.com' };
      expect(() => resolveBucket(unused, { AWS_ENDPOINT_URL_S3: value })).not.toThrow();
    },
  );
});

describe('N12: at the endpoint of the environment', () => {
  async function start() {
    const upstream = await startRawUpstream(({ socket }) => socket.write(answer(200, {}, 'x')));
    const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
    const options = resolveOptions(
      { buckets: [{ name: 'photos', credentials }] },
      { AWS_ENDPOINT_URL: upstream.origin },
    );
    const source = createS3Source(options);
    onTestFinished(async () => {
      source.close();
      await upstream.close();
    });
    const get = (url: string) => source.download(source.identify(url), new MemorySink(), new AbortController().signal);
    return { upstream, source, get };
  }

  it('bare and signed URLs are read, and have one key', async () => {
    const { upstream, source, get } = await start();
    await get('s3://photos/a.jpg');
    await get(`${upstream.origin}/photos/a.jpg?X-Amz-Signature=s`);
    expect(upstream.requests.map(({ target }) => target)).toEqual([
      '/photos/a.jpg?x-id=GetObject',
      '/photos/a.jpg?X-Amz-Signature=s',
    ]);
    expect(source.identify('s3://photos/a.jpg').key).toBe(`${upstream.origin}/photos/a.jpg`);
  });

  it('a URL of AWS is refused with the name of the variable', async () => {
    const { source } = await start();
    const error = await refusal(() => source.identify('https://photos.s3.amazonaws.com/a.jpg'));
    expect(error.hint).toContain('AWS_ENDPOINT_URL');
    expect(error.hint).not.toContain('remove `endpoint`');
  });

  it('a bare URL is refused with the line to write if only the profile of the SDK has the endpoint', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566'); // stands for `endpoint_url` of a profile: the SDK alone reads it
    onTestFinished(() => void vi.unstubAllEnvs());
    const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
    const buckets = [{ name: 'photos', region: 'us-east-1', credentials }];
    const source = createS3Source(resolveOptions({ buckets }, {}));
    onTestFinished(() => source.close());
    const download = source.download(source.identify('s3://photos/a'), new MemorySink(), new AbortController().signal);
    const error = await refusal(download);
    expect(error.code).toBe('HOST_NOT_ALLOWED');
    expect(error.hint).toContain("endpoint: 'http://127.0.0.1:4566'");
    expect(error.hint).toContain('endpoint_url');
  });
});
