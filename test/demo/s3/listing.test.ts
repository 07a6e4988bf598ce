import { ListObjectsCommand, ListObjectsV2Command, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { listKeys, type ListingQuery } from '../../../demo/s3/listing.ts';
import { BUCKET, clientOf, refusal, startS3 } from './harness.ts';

const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e/4'];

describe('listKeys', () => {
  const list = (query: Partial<ListingQuery>): unknown[] => {
    const { keys, commonPrefixes, next } = listKeys(KEYS, {
      prefix: '',
      delimiter: '',
      maxKeys: 1000,
      after: '',
      ...query,
    });
    return [keys, commonPrefixes, next];
  };

  test.for([
    [{}, [KEYS, [], undefined]],
    [{ delimiter: '/' }, [['a', 'd'], ['b/', 'e/'], undefined]],
    [{ prefix: 'b/', delimiter: '/' }, [['b/1', 'b/2'], ['b/c/'], undefined]],
    [{ maxKeys: 2 }, [['a', 'b/1'], [], 'b/1']],
    [{ maxKeys: 2, delimiter: '/' }, [['a'], ['b/'], 'b/']],
    [{ maxKeys: 2, delimiter: '/', after: 'b/' }, [['d'], ['e/'], undefined]],
    [{ maxKeys: 6 }, [KEYS, [], undefined]],
    [{ maxKeys: 0 }, [[], [], undefined]],
    [{ after: 'b/2' }, [['b/c/3', 'd', 'e/4'], [], undefined]],
    [{ prefix: 'z' }, [[], [], undefined]],
  ] as const)('%# with %o', ([query, expected]) => {
    expect(list(query)).toEqual(expected);
  });
});

test('pages cover every key once', async () => {
  const s3 = await startS3();
  for (let i = 0; i < 25; i++) s3.put(BUCKET, `p/${String(i).padStart(3, '0')}`, Buffer.from('x'));
  const found: (string | undefined)[][] = [];
  for await (const page of paginateListObjectsV2({ client: clientOf(s3) }, { Bucket: BUCKET, MaxKeys: 10 })) {
    found.push(page.Contents?.map((object) => object.Key) ?? []);
  }
  expect(found.map((keys) => keys.length)).toEqual([10, 10, 5]);
  expect(new Set(found.flat()).size).toBe(25);
});

test('keys are in the order of their UTF-8 bytes', async () => {
  const s3 = await startS3();
  // U+FF5E sorts after U+1F600 in JavaScript, and before it in UTF-8.
  for (const key of ['\u{1F600}', '\uff5e', 'é', 'z']) s3.put(BUCKET, key, Buffer.from('x'));
  const listing = await clientOf(s3).send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect(listing.Contents?.map((object) => object.Key)).toEqual(['z', 'é', '\uff5e', '\u{1F600}']);
});

test('keys that XML cannot carry arrive with encoding-type=url', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'a b+ü\u0001<&>/c', Buffer.from('x'));
  const query = { Bucket: BUCKET, EncodingType: 'url', Prefix: 'a b', Delimiter: '/' } as const;
  const listing = await clientOf(s3).send(new ListObjectsV2Command(query));
  expect(decodeURIComponent(listing.CommonPrefixes?.[0]?.Prefix ?? '')).toBe('a b+ü\u0001<&>/');
  expect(listing.Prefix).toBe('a%20b');
});

test('version 1 of the API goes on from a marker', async () => {
  const s3 = await startS3();
  for (const key of KEYS) s3.put(BUCKET, key, Buffer.from('x'));
  const first = await clientOf(s3).send(new ListObjectsCommand({ Bucket: BUCKET, Delimiter: '/', MaxKeys: 2 }));
  const query = { Bucket: BUCKET, Delimiter: '/', Marker: first.NextMarker };
  const second = await clientOf(s3).send(new ListObjectsCommand(query));
  expect([first.IsTruncated, first.NextMarker, second.IsTruncated]).toEqual([true, 'b/', false]);
  expect(second.Contents?.map((object) => object.Key)).toEqual(['d']);
  expect(second.CommonPrefixes).toEqual([{ Prefix: 'e/' }]);
});

test('an unknown token and an unknown bucket are refused', async () => {
  const client = clientOf(await startS3());
  const forged = new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: 'forged' });
  expect(await refusal(client.send(forged))).toBe('400 InvalidArgument');
  expect(await refusal(client.send(new ListObjectsV2Command({ Bucket: 'elsewhere' })))).toBe('404 NoSuchBucket');
});
