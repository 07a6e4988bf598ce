import { describe, expect, test } from 'vitest';
import type { ResolvedBucket } from '../../plugin/options.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';
import { bucket, refusal } from '../helpers/source.ts';

const identify = createIdentify({
  resolveKey: undefined,
  buckets: [
    bucket('photos', { region: 'eu-central-1' }),
    bucket('my.dotted.bucket'),
    bucket('Old_Name'),
    bucket('cathay', { region: 'cn-north-1' }),
    bucket('gov', { region: 'us-gov-west-1' }),
    bucket('regional', { endpoint: new URL('https://s3.eu-west-1.amazonaws.com') }),
    bucket('cdn', { cdn: ['img.example.com', 'd111.cloudfront.net'] }),
    bucket('own', { endpoint: new URL('https://s3.example.com') }),
    bucket('virtual', { endpoint: new URL('https://s3.example.com'), forcePathStyle: false }),
    bucket('minio', { endpoint: new URL('http://127.0.0.1:9000') }),
    bucket('six', { endpoint: new URL('http://[::1]:9000') }),
    bucket('supa', { endpoint: new URL('https://x.supabase.co/storage/v1/s3/') }),
    bucket('r2', { endpoint: new URL('https://acct.r2.cloudflarestorage.com'), region: 'auto' }),
    bucket('r2', { endpoint: new URL('https://acct.eu.r2.cloudflarestorage.com'), region: 'auto' }),
    bucket('goog', { endpoint: new URL('https://storage.googleapis.com') }),
    bucket('azure', { endpoint: new URL('https://acct.blob.core.windows.net'), cdn: ['azure.example.com'] }),
    bucket('pub', { cdn: ['pub.storage.googleapis.com'] }),
    bucket('part', { prefix: 'actors/' }),
    bucket('part', { prefix: 'shared/' }),
  ],
});

const SIGV4 =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=t%2Bt%3D%3D&x-id=GetObject&X-Amz-Signature=';

describe('one object has one canonical URL', () => {
  test.each([
    'https://photos.s3.amazonaws.com/a/b.jpg',
    'https://photos.s3.eu-central-1.amazonaws.com/a/b.jpg',
    'https://photos.s3-eu-central-1.amazonaws.com/a/b.jpg',
    'https://photos.s3.dualstack.eu-central-1.amazonaws.com/a/b.jpg',
    'https://photos.s3-accelerate.amazonaws.com/a/b.jpg',
    'https://photos.s3-accelerate.dualstack.amazonaws.com/a/b.jpg',
    'https://photos.s3-fips.us-east-1.amazonaws.com/a/b.jpg',
    'https://photos.s3-fips.dualstack.us-east-1.amazonaws.com/a/b.jpg',
    'https://s3.amazonaws.com/photos/a/b.jpg',
    'https://s3.eu-central-1.amazonaws.com/photos/a/b.jpg',
    'https://s3-eu-central-1.amazonaws.com/photos/a/b.jpg',
    'https://s3.dualstack.eu-central-1.amazonaws.com/photos/a/b.jpg',
    'https://s3-external-1.amazonaws.com/photos/a/b.jpg',
    's3://photos/a/b.jpg',
    'S3://photos/a/b.jpg',
    'HTTPS://Photos.S3.AmazonAWS.com/a/b.jpg',
    'https://photos.s3.amazonaws.com./a/b.jpg',
    'https://photos.s3.amazonaws.com:443/a/b.jpg',
    'https://photos.s3.amazonaws.com/%61/b%2Ejpg',
    'https://photos.s3.amazonaws.com/a/b.jpg?',
    'https://photos.s3.amazonaws.com/a/b.jpg?utm_source=mail&versionId=',
    `https://photos.s3.eu-central-1.amazonaws.com/a/b.jpg?${SIGV4}aaaa`,
    `https://s3.eu-central-1.amazonaws.com/photos/a/b.jpg?${SIGV4}bbbb`,
    'https://photos.s3.amazonaws.com/a/b.jpg?AWSAccessKeyId=AKIA&Signature=x%2By%3D&Expires=1',
    'https://photos.s3.amazonaws.com/a%2Fb.jpg',
    'https://photos.s3.amazonaws.com/a%2fb.jpg?versionId&response-content-type=image%2Fpng',
    // S3 ignores what it does not know, signed or not.
    `https://photos.s3.amazonaws.com/a/b.jpg?${SIGV4}aaaa&width=100`,
  ])('%s', (url) => {
    expect(identify(url)).toMatchObject({
      key: 'https://photos.s3.amazonaws.com/a/b.jpg',
      objectKey: 'a/b.jpg',
      filename: 'b.jpg',
      url,
    });
  });

  test.each([
    ['https://my.dotted.bucket.s3.amazonaws.com/k', 'https://my.dotted.bucket.s3.amazonaws.com/k'],
    ['https://s3.us-west-2.amazonaws.com/my.dotted.bucket/k', 'https://my.dotted.bucket.s3.amazonaws.com/k'],
    ['https://s3.amazonaws.com/Old_Name/k', 'https://s3.amazonaws.com/Old_Name/k'],
    ['s3://Old_Name/k', 'https://s3.amazonaws.com/Old_Name/k'],
    ['https://cathay.s3.cn-north-1.amazonaws.com.cn/k', 'https://cathay.s3.cn-north-1.amazonaws.com.cn/k'],
    ['https://s3.cn-north-1.amazonaws.com.cn/cathay/k', 'https://cathay.s3.cn-north-1.amazonaws.com.cn/k'],
    ['https://gov.s3-fips.us-gov-west-1.amazonaws.com/k', 'https://gov.s3.us-gov-west-1.amazonaws.com/k'],
    ['https://regional.s3.amazonaws.com/k', 'https://regional.s3.amazonaws.com/k'],
    ['https://s3.eu-west-1.amazonaws.com/regional/k', 'https://regional.s3.amazonaws.com/k'],
    ['https://img.example.com/k?Signature=s&Key-Pair-Id=i', 'https://cdn.s3.amazonaws.com/k'],
    ['https://IMG.example.com/k', 'https://cdn.s3.amazonaws.com/k'],
    ['https://d111.cloudfront.net/k', 'https://cdn.s3.amazonaws.com/k'],
    ['https://s3.example.com/own/k', 'https://s3.example.com/own/k'],
    ['https://virtual.s3.example.com/k', 'https://virtual.s3.example.com/k'],
    ['s3://virtual/k', 'https://virtual.s3.example.com/k'],
    ['s3://own/k', 'https://s3.example.com/own/k'],
    ['http://127.0.0.1:9000/minio/k', 'http://127.0.0.1:9000/minio/k'],
    ['http://127.1:9000/minio/k', 'http://127.0.0.1:9000/minio/k'],
    ['http://[::1]:9000/six/k', 'http://[::1]:9000/six/k'],
    ['https://x.supabase.co/storage/v1/s3/supa/k', 'https://x.supabase.co/storage/v1/s3/supa/k'],
    ['https://acct.r2.cloudflarestorage.com/r2/k', 'https://acct.r2.cloudflarestorage.com/r2/k'],
    ['https://r2.acct.r2.cloudflarestorage.com/k', 'https://acct.r2.cloudflarestorage.com/r2/k'],
    ['https://r2.acct.eu.r2.cloudflarestorage.com/k', 'https://acct.eu.r2.cloudflarestorage.com/r2/k'],
    ['s3://part/shared/k', 'https://part.s3.amazonaws.com/shared/k'],
  ])('%s is %s', (url, key) => {
    expect(identify(url).key).toBe(key);
    expect(identify(key).key).toBe(key);
  });
});

describe('T24: S3 keys are not paths', () => {
  const keyOf = (path: string) => identify(`https://photos.s3.amazonaws.com${path}`).key.slice(31);

  test.each([
    ['/ä.jpg', '/%C3%A4.jpg'],
    ['/%c3%a4.jpg', '/%C3%A4.jpg'],
    ['/a+b.jpg', '/a%2Bb.jpg'],
    ['/a%2bb.jpg', '/a%2Bb.jpg'],
    ['/a b.jpg', '/a%20b.jpg'],
    ['/a%20b.jpg', '/a%20b.jpg'],
    ['/%7Euser/(1).jpg', '/~user/%281%29.jpg'],
    ['/50%.jpg', '/50%25.jpg'],
    ['/50%25.jpg', '/50%25.jpg'],
    ['/%E2%82%AC', '/%E2%82%AC'],
    ['//a', '//a'],
    ['/a', '/a'],
    ['/a//', '/a//'],
    ['/a/../b', '/a/../b'],
    ['/a/%2e%2e/b', '/a/../b'],
    ['/a/./b', '/a/./b'],
    ['/b', '/b'],
    ['/a%2Fb', '/a/b'],
    ['/a%2fb', '/a/b'],
    ['/a/b', '/a/b'],
    ['/A/b', '/A/b'],
  ])('%s is named %s, and requesting that name gives the same name', (path, key) => {
    expect(keyOf(path)).toBe(key);
    expect(keyOf(key)).toBe(key);
  });

  test('a version is part of the name; signatures, and parameters that only change headers, are not', () => {
    const url = 'https://photos.s3.amazonaws.com/k';
    const one = identify(`${url}?versionId=1&${SIGV4}f&response-content-type=image%2Fpng`);
    expect(one).toMatchObject({ key: `${url}?versionId=1`, versionId: '1' });
    expect(identify(`${url}?versionId=1`).key).toBe(one.key);
    expect(identify(`${url}?versionId=2`).key).not.toBe(one.key);
    // The version that was there before versioning: not the newest for ever.
    expect(identify(`${url}?versionId=null`)).toMatchObject({ key: `${url}?versionId=null`, versionId: 'null' });
  });

  test('a name for people has no control characters, and is never empty', () => {
    expect(identify('s3://photos/x/a%0Ab%C3%A4.jpg').filename).toBe('a\ufffdbä.jpg');
    expect(identify('s3://photos/folder/').filename).toBe('folder');
    expect(identify('s3://photos//').filename).toBe('image');
  });
});

describe('how an object is fetched', () => {
  test.each([
    [`https://photos.s3.amazonaws.com/k?${SIGV4}f`, true, true],
    ['https://img.example.com/k?Key-Pair-Id=i&Signature=s', true, true],
    ['https://img.example.com/k?Signature=s', false, true],
    ['https://s3.example.com/own/k?w=1', false, true],
    ['https://s3.example.com/own/k?versionId=1&response-expires=0', false, false],
    ['https://photos.s3.amazonaws.com/k?w=1', false, false],
    ['https://photos.s3.amazonaws.com/k?partNumber=1', false, true],
    ['https://img.example.com/k', false, true],
    ['https://photos.s3.amazonaws.com/k', false, false],
    ['https://photos.s3.amazonaws.com/k?X-Amz-Signature=', false, false],
    ['s3://photos/k', false, false],
  ])('%s: signed %s, as asked %s', (url, signed, asAsked) => {
    const object = identify(url);
    expect(object.signed).toBe(signed);
    expect(object.asAsked !== undefined).toBe(asAsked);
  });
});

describe('resolveKey', () => {
  const withResolver = createIdentify({
    buckets: [
      bucket('photos'),
      bucket('cdn', { cdn: ['img.example.com'] }),
      bucket('goog', { endpoint: new URL('https://storage.googleapis.com') }),
    ],
    resolveKey: (url) => {
      if (url.includes('boom')) throw new Error('https://x/?X-Amz-Signature=CANARY1');
      if (url.includes('evil')) return 'https://evil.example/x';
      return /[?&]src=([^&]+)/.exec(url)?.[1];
    },
  });

  test('names the object behind a URL that is in no bucket, which is then read from the bucket', () => {
    const object = withResolver('/_proxy?src=s3://photos/a.jpg');
    expect(object).toMatchObject({
      key: 'https://photos.s3.amazonaws.com/a.jpg',
      objectKey: 'a.jpg',
      signed: false,
    });
    expect(object.asAsked).toBeUndefined();
  });

  test.each([
    ['https://photos.s3.amazonaws.com/a.jpg?AWSAccessKeyId=a&Signature=s', undefined],
    ['https://img.example.com/a.jpg', undefined],
    ['https://storage.googleapis.com/goog/a.jpg?X-Goog-Signature=s', undefined],
    ['https://storage.googleapis.com/goog/a.jpg?generation=1', { search: '?generation=1' }],
  ])('names %s, without its signature and CDN', (name, asAsked) => {
    const object = withResolver(`/_proxy?src=${name}`);
    expect(object).toMatchObject({ url: `/_proxy?src=${name}`, signed: false });
    if (asAsked === undefined) expect(object.asAsked).toBeUndefined();
    else expect(object.asAsked).toMatchObject(asAsked);
  });

  test('only names the object of a URL in a listed bucket, which is fetched as it is', () => {
    const object = withResolver('https://img.example.com/small/a.jpg?src=s3://photos/a.jpg');
    expect(object.key).toBe('https://photos.s3.amazonaws.com/a.jpg');
    expect(object.asAsked).toMatchObject({ host: 'img.example.com', path: '/small/a.jpg' });
  });

  test('may leave a URL as it is', () => {
    expect(withResolver('https://photos.s3.amazonaws.com/a.jpg').key).toBe('https://photos.s3.amazonaws.com/a.jpg');
  });

  test('cannot name an object that is not in a listed bucket, and its errors are refusals without secrets', async () => {
    expect(() => withResolver('evil')).toThrow(expect.objectContaining({ code: 'HOST_NOT_ALLOWED' }));
    const fault = await refusal(() => withResolver('boom'));
    expect(fault.code).toBe('INVALID_URL');
    expect(`${fault.stack} ${String(fault.cause)}`).not.toContain('CANARY1');
  });
});

describe('S11: the server that an object is requested from', () => {
  const originOf = (url: string, entry: ResolvedBucket) =>
    createIdentify({ buckets: [entry], resolveKey: undefined })(url).origin;
  const minio = bucket('photos', { endpoint: new URL('http://minio.example:9000/s3') });
  const photos = bucket('photos', { cdn: ['img.example.com'] });

  test.each<[string, ResolvedBucket, string]>([
    ['s3://photos/a', photos, 'https://photos.s3.amazonaws.com'],
    ['https://photos.s3.eu-west-3.amazonaws.com/a', photos, 'https://photos.s3.amazonaws.com'],
    [
      'https://photos.s3.eu-west-3.amazonaws.com/a?X-Amz-Signature=s',
      photos,
      'https://photos.s3.eu-west-3.amazonaws.com',
    ],
    ['https://img.example.com/a', photos, 'https://img.example.com'],
    ['s3://photos/a', minio, 'http://minio.example:9000'],
    ['http://minio.example:9000/s3/photos/a?X-Amz-Signature=s', minio, 'http://minio.example:9000'],
  ])('of %s is %#', (url, entry, expected) => {
    expect(originOf(url, entry)).toBe(expected);
  });
});
