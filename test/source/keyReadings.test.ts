import { describe, expect, test } from 'vitest';
import { isInside, otherReadings } from '../../plugin/source/keyReadings.ts';
import { createLocate } from '../../plugin/source/locate.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';
import { bucket, refusal } from '../helpers/source.ts';

const MINIO = new URL('http://localhost:9000');
const buckets = [
  bucket('photos'),
  bucket('part', { prefix: 'public/' }),
  bucket('deep', { prefix: 'a//b/' }),
  bucket('own', { endpoint: MINIO }),
  bucket('own-part', { endpoint: MINIO, prefix: 'public/' }),
  bucket('behind', { cdn: ['img.example.com'] }),
];
const identify = createIdentify({ buckets, resolveKey: undefined });
const locate = createLocate(buckets);

describe('S6: a key that is outside in any reading is refused', () => {
  test.each([
    'public//../private/a.png',
    'public///../../private/a.png',
    'public/../private/a.png',
    'public/./../private/a.png',
    'public/x/..//../private/a.png',
    'public/..\\private\\a.png',
    'public/..%5Cprivate/a.png',
    'public/%2e%2e/private/a.png',
    'public%2F..%2Fprivate/a.png',
    'public/%252e%252e/private/a.png',
    'public/..%252fprivate/a.png',
    'public/%25252e%25252e%25252fprivate/a.png',
    'public/%255c..%255c..%255cprivate/a.png',
    'public/%25FF/..%252f..%252fprivate/a.png',
    'public/..;/private/a.png',
    'public/..;x=1/private/a.png',
    'public/.;/..;/private/a.png',
    'public/..%253b/private/a.png',
    'public//..',
    'public/..',
    '/public/a.png',
    '//public/a.png',
  ])('of a prefix: %s', async (path) => {
    // As a URL is read: backslashes are refused before.
    for (const name of ['part', 'own-part']) {
      const { code, hint } = await refusal(() => identify(`s3://${name}/${path.replaceAll('\\', '%5C')}`));
      expect(code).toBe('HOST_NOT_ALLOWED');
      expect(hint).toContain('public/');
    }
  });

  test.each([
    'a//../../other/x.png',
    'a/../../other/x.png',
    '../other/x.png',
    '%252e%252e/other/x.png',
    '..%5Cother/x.png',
    '//../other/x.png',
    '..;/other/x.png',
  ])('of a bucket: %s', async (path) => {
    for (const name of ['photos', 'own', 'behind']) {
      expect(await refusal(() => identify(`s3://${name}/${path}`))).toMatchObject({
        code: 'HOST_NOT_ALLOWED',
        hint: expect.stringContaining('outside of the bucket'),
      });
    }
  });

  test.each(['a//b', '/a', '//a', 'a/../b', 'a/./b', './a', '/', 'a/..', 'a%5Cb', '100%25.png', 'a;b.png', '..a/b..'])(
    'and stays a different key if no reading is outside: %s',
    (path) => {
      const key = `https://photos.s3.amazonaws.com/${path}`;
      expect(identify(`s3://photos/${path}`).key).toBe(key.replace('a;b', 'a%3Bb'));
      expect(identify(`s3://own/${path}`).objectKey).toBe(decodeURIComponent(path));
    },
  );

  test('a prefix is read in the same way as the key', () => {
    expect(identify('s3://deep/a//b/c.png').objectKey).toBe('a//b/c.png');
    expect(isInside('a//b/../c.png', 'a//b/')).toBe(false);
    expect(isInside('a//b/c/../d.png', 'a//b/')).toBe(true);
    expect(isInside('public/x/../a.png', 'public/')).toBe(true);
  });

  test('most keys have one reading', () => {
    for (const key of ['a.png', 'a/b c/ä.png', '.hidden/..x/y.', 'a;b/c.png']) expect(otherReadings(key).size).toBe(0);
  });
});

describe('S3: the objects that a hook is asked about', () => {
  const keysOf = (url: string) => locate(identify(url).key).map(({ key }) => key);

  test('S3 itself reads a key in only one way', () => {
    expect(keysOf('s3://photos/x/../private//a.png')).toEqual(['x/../private//a.png']);
  });

  test.each([
    's3://own/x/../private//a.png',
    's3://behind/x/../private//a.png',
    'https://img.example.com/x/..//private/a.png',
  ])('but a server in front of a bucket may read another key: %s', (url) => {
    expect(keysOf(url)[0]).toBe(identify(url).objectKey);
    expect(keysOf(url)).toContain('private/a.png');
  });

  test('the object follows from the canonical URL, however it was requested', () => {
    expect(locate('https://img.example.com/a/b.png?w=1&versionId=2')).toEqual([
      { s3_url: 'https://img.example.com/a/b.png?versionId=2&w=1', bucket: 'behind', key: 'a/b.png', versionId: '2' },
    ]);
    // Entries from before, whose name has a slash spelled as %2F.
    expect(locate('http://localhost:9000/own/private%2Fa.png')).toEqual([
      { s3_url: 'http://localhost:9000/own/private/a.png', bucket: 'own', key: 'private/a.png', versionId: undefined },
    ]);
    expect(() => locate('https://unlisted.s3.amazonaws.com/a.png')).toThrow(
      expect.objectContaining({ code: 'HOST_NOT_ALLOWED' }),
    );
  });
});
