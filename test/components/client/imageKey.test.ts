import { describe, expect, test } from 'vitest';
import { cacheableKey, imageKey } from '../../../components/client/imageKey.ts';
import { SIGNED_URLS, withQuery } from '../../helpers/signedUrls.ts';

describe('imageKey', () => {
  const object = 'https://b.s3.amazonaws.com/a/b.jpg';

  test.each([
    [`${object}?X-Amz-Algorithm=A&X-Amz-Credential=c%2Fd&X-Amz-Signature=1&x-id=GetObject`, 'SigV4'],
    [`${object}?AWSAccessKeyId=a&Signature=b%2B&Expires=1`, 'SigV2'],
    [`${object}?Policy=a&Signature=b&Key-Pair-Id=c`, 'CloudFront'],
    [`${object}?X-Goog-Signature=a&X-Goog-Date=b`, 'GCS'],
    [`${object}?sv=1&se=2&sp=r&sr=b&sig=a`, 'Azure SAS'],
    [`${object}#fragment`, 'a fragment'],
  ])('T24: drops %s (%s)', (url) => {
    expect(imageKey(url)).toBe(object);
  });

  test.each([
    [`${object}?versionId=1`],
    [`${object}?Expires=1&Signature=mine`],
    [`${object}?token=1`],
    // The server knows that this is the same picture, and the entry says so.
    [`${object}?response-content-type=image%2Fpng`],
    ['https://b.s3.amazonaws.com//a'],
    ['https://b.s3.amazonaws.com/a%2Fb'],
    ['s3://bucket/Key'],
  ])('T24: keeps what changes the bytes or names another object: %s', (url) => {
    expect(imageKey(url)).toBe(url);
  });

  test('keeps the other parameters byte for byte', () => {
    expect(imageKey(`${object}?versionId=a+b%20c&X-Amz-Date=1&X-Amz-Signature=2`)).toBe(`${object}?versionId=a+b%20c`);
  });

  test('leaves alone what is no URL', () => {
    expect(imageKey('a b')).toBe('a b');
  });
});

describe.each(SIGNED_URLS)('B16: $service', ({ url, signings, others, words }) => {
  const [first, second] = signings.map((query) => withQuery(url, query)) as [string, string]; // of two

  test('two signings are one image', () => {
    expect(imageKey(second)).toBe(imageKey(first));
    expect(imageKey(first)).toBe(imageKey(url));
  });

  test.each(others)('N5: with %s it is another image, whatever signed it', (other) => {
    const key = imageKey(withQuery(first, other));
    expect(key).not.toBe(imageKey(first));
    expect(imageKey(withQuery(second, other))).toBe(key);
  });

  test.each(words)('%s without what tells the service is a parameter like any other', (word) => {
    expect(imageKey(`https://other.example.com/a.jpg?${word}`)).toBe(`https://other.example.com/a.jpg?${word}`);
  });
});

test.each([
  ['https://b.s3.amazonaws.com/a', true],
  ['s3://bucket/a', true],
  ['http://localhost:3000/logo.png', false],
  ['/logo.png', false],
  ['', false],
  ['data:image/png;base64,AA==', false],
  ['blob:http://localhost:3000/1', false],
  ['https://[', false],
])('%s can be cached: %s', (url, expected) => {
  expect(cacheableKey(url, 'http://localhost:3000')).toBe(expected ? imageKey(url) : undefined);
});
