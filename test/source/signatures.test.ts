import { describe, expect, test } from 'vitest';
import { createIdentify } from '../../plugin/source/s3Url.ts';
import { SIGNED_URLS, withQuery } from '../helpers/signedUrls.ts';
import { bucket, refusal } from '../helpers/source.ts';

const at = (name: string, endpoint: string, forcePathStyle: boolean) =>
  bucket(name, { endpoint: new URL(endpoint), forcePathStyle });

const identify = createIdentify({
  resolveKey: undefined,
  buckets: [
    bucket('photos', { region: 'eu-central-1' }),
    bucket('fast--usw2-az1--x-s3'),
    at('photos', 'https://acct.r2.cloudflarestorage.com', true),
    at('photos', 'http://localhost:9000', true),
    at('photos', 'https://storage.googleapis.com', true),
    at('photos', 'https://acct.blob.core.windows.net', true),
    at('photos', 'https://oss-cn-hangzhou.aliyuncs.com', false),
    at('photos', 'https://obs.cn-north-4.myhuaweicloud.com', false),
    at('photos-125', 'https://cos.ap-guangzhou.myqcloud.com', false),
    at('photos', 'https://tos-cn-beijing.volces.com', false),
    at('photos', 'https://x.supabase.co/storage/v1/object/sign', true),
    at('photos', 'https://x.supabase.co/storage/v1/render/image/sign', true),
    at('app.appspot.com', 'https://firebasestorage.googleapis.com/v0/b', true),
    at('photos', 'https://f001.backblazeb2.com/file', true),
    at('photos', 'https://bj.bcebos.com', false),
    bucket('cdn', {
      cdn: [
        'd111.cloudfront.net',
        'img.example.com',
        'other.example.com',
        'zone.b-cdn.net',
        'team.imgix.net',
        'images.secure.ctfassets.net',
      ],
    }),
  ],
});
const keyOf = (url: string) => identify(url).key;

describe.each(SIGNED_URLS)('N5: $service', ({ url, signings, others, words }) => {
  const [first, second] = signings.map((query) => withQuery(url, query)) as [string, string]; // of two

  test('two signatures are one image, fetched byte for byte, and not part of its name', () => {
    expect(keyOf(second)).toBe(keyOf(first));
    expect(keyOf(first)).toBe(keyOf(url));
    for (const signed of [first, second]) {
      expect(identify(signed)).toMatchObject({ signed: true, asAsked: { search: new URL(signed).search } });
    }
  });

  test.each(others)('with %s it is another image, whatever its signature', (other) => {
    const key = keyOf(withQuery(first, other));
    expect(key).not.toBe(keyOf(first));
    expect(keyOf(withQuery(`${url}${url.includes('?') ? '&' : '?'}${other}`, signings[1]))).toBe(key);
    // By its own name, too, and two of them differ.
    expect(keyOf(key)).toBe(key);
    expect(new Set(others.map((each) => keyOf(withQuery(first, each)))).size).toBe(others.length);
  });

  test.each(words)('%s is an ordinary parameter if the service cannot be recognised', (word) => {
    const elsewhere = 'https://other.example.com/a.jpg';
    expect(keyOf(`${elsewhere}?${word}`)).not.toBe(keyOf(elsewhere));
    expect(identify(`${elsewhere}?${word}`).signed).toBe(false);
  });
});

describe('N5', () => {
  test('the token of a resized Supabase image contains the size, so it is part of the name', () => {
    const url = 'https://x.supabase.co/storage/v1/render/image/sign/photos/a.jpg';
    expect(keyOf(`${url}?token=eyJ.a.b`)).not.toBe(keyOf(`${url}?token=eyJ.c.d`));
  });

  test('a URL of a CDN with a parameter is not the image of the bucket behind it', () => {
    const url = 'https://img.example.com/a.jpg?w=100';
    expect(keyOf(url)).toBe(url);
    expect(keyOf('https://img.example.com/a.jpg')).toBe('https://cdn.s3.amazonaws.com/a.jpg');
    expect(keyOf('https://cdn.s3.amazonaws.com/a.jpg?w=100')).toBe('https://cdn.s3.amazonaws.com/a.jpg');
    // Whether it passes a version on is not known.
    expect(keyOf('https://img.example.com/a.jpg?versionId=1')).toBe('https://img.example.com/a.jpg?versionId=1');
  });

  test('neither the order of parameters nor their encoding matters, but a + is not a blank', () => {
    const url = 'http://localhost:9000/photos/a.jpg';
    expect(keyOf(`${url}?b=%7e%2f&a=1`)).toBe(`${url}?a=1&b=~%2F`);
    expect(keyOf(`${url}?a=1&b=~/`)).toBe(`${url}?a=1&b=~%2F`);
    const blanks = ['a+b', 'a%2Bb', 'a%20b'].map((value) => keyOf(`${url}?x=${value}`));
    expect(new Set(blanks).size).toBe(3);
    expect(blanks.map(keyOf)).toEqual(blanks);
  });

  test.each(['token', 'sig', 'auth_key', 'hdnts', 'verify', 'X-Signature', 'apiKey', 'access_token', 'jwt'])(
    'a secret of an unknown service, %s, is part of the name, but only as a digest',
    (name) => {
      const [one, other] = ['CANARY1', 'CANARY2'].map((secret) =>
        identify(`https://img.example.com/a.jpg?${name}=${secret}`),
      );
      expect(one?.key).not.toBe(other?.key);
      expect(`${one?.key}${other?.key}`).not.toContain('CANARY');
      expect(keyOf(one?.key ?? '')).toBe(one?.key);
      expect(one?.asAsked).toMatchObject({ search: `?${name}=CANARY1` });
    },
  );

  test('overrides of headers are not sent with a URL that is not signed', () => {
    const url = 'https://img.example.com/a.jpg?response-content-encoding=gzip&response-content-type=text%2Fhtml';
    expect(identify(url)).toMatchObject({ key: 'https://cdn.s3.amazonaws.com/a.jpg', asAsked: { search: '' } });
    expect(identify('http://localhost:9000/photos/a.jpg?response-content-encoding=gzip').asAsked).toBeUndefined();
  });
});

test('S3: parameters that only change headers are not part of the name, but are sent with a signed URL', () => {
  const url = 'http://localhost:9000/photos/a.jpg';
  const overrides = [
    'cache-control',
    'content-type',
    'content-encoding',
    'content-disposition',
    'content-language',
    'expires',
  ];
  const query = overrides.map((name) => `response-${name}=x`).join('&');
  const signed = `${url}?${query}&${SIGNED_URLS[0]?.signings[0]}`;
  expect(identify(signed)).toMatchObject({ key: url, asAsked: { search: signed.slice(url.length) } });
  expect(identify(`${url}?${query}`)).toMatchObject({ key: url, asAsked: undefined });
  expect(keyOf(`${url}?response-foo=x`)).not.toBe(url);
});

describe('S7: a parameter that is given twice is refused', () => {
  const signed = SIGNED_URLS[0]?.signings[0] ?? '';
  test.each([
    's3://photos/a.jpg?versionId=&versionId=OLD',
    's3://photos/a.jpg?versionId=OLD&versionId=',
    's3://photos/a.jpg?versionId&versionId=OLD',
    's3://photos/a.jpg?versionId=OLD&version%49d=OLD',
    `https://photos.s3.amazonaws.com/a.jpg?versionId=&${signed}&versionId=OLD`,
    'http://localhost:9000/photos/a.jpg?versionId=1&versionid=2',
    `http://localhost:9000/photos/a.jpg?${signed}&w=1&W=2`,
    'https://img.example.com/a.jpg?w=&w=100',
    'https://img.example.com/a.jpg?w&w=100',
  ])('%s', async (url) => {
    expect(await refusal(() => identify(url))).toMatchObject({ code: 'INVALID_URL', hint: 'Send it once.' });
  });

  test.each([
    // Neither is sent, or S3 ignores both.
    's3://photos/a.jpg?utm=1&utm=2',
    `https://photos.s3.amazonaws.com/a.jpg?${signed}&foo=1&foo=2&versionid=1&VersionId=2`,
  ])('but not a part without a name: %s', (url) => {
    expect(keyOf(url)).toBe('https://photos.s3.amazonaws.com/a.jpg');
  });
});
