import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { digest, type ChecksumAlgorithm } from '../../../demo/s3/checksums.ts';
import { BUCKET, clientOf, refusal, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'a.bin' };

// The check values of the CRC catalogue (https://reveng.sourceforge.io/crc-catalogue/all.htm), and of `sha1sum`.
test.for([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
] as const satisfies readonly (readonly [ChecksumAlgorithm, string])[])(
  '%s of "123456789"',
  ([algorithm, expected]) => {
    expect(digest(algorithm, Buffer.from('123456789')).toString('hex')).toBe(expected);
  },
);

describe('an upload', () => {
  test.for(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)('with %s keeps it', async (algorithm) => {
    const client = clientOf(await startS3());
    const put = await client.send(new PutObjectCommand({ ...object, Body: 'bytes', ChecksumAlgorithm: algorithm }));
    const head = await client.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
    expect(put[`Checksum${algorithm}`]).toBeTruthy();
    expect(head[`Checksum${algorithm}`]).toBe(put[`Checksum${algorithm}`]);
  });

  test.for([
    ['a wrong checksum', { ChecksumCRC32: 'AAAAAA==' }, '400 BadDigest'],
    ['half a checksum', { ChecksumCRC32: 'AAA=' }, '400 InvalidRequest'],
    ['a wrong Content-MD5', { ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' }, '400 BadDigest'],
    ['half a Content-MD5', { ContentMD5: '1B2M' }, '400 InvalidDigest'],
  ] as const)('with %s stores nothing', async ([, claim, expected]) => {
    const client = clientOf(await startS3());
    expect(await refusal(client.send(new PutObjectCommand({ ...object, Body: 'bytes', ...claim })))).toBe(expected);
    expect(await refusal(client.send(new GetObjectCommand(object)))).toBe('404 NoSuchKey');
  });
});

test('a reader gets the checksum when it asks, and the SDK holds the body against it', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'a.bin', Buffer.from('bytes'));
  const asked = await clientOf(s3).send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
  expect(await asked.Body?.transformToString()).toBe('bytes');
  expect(asked.ChecksumCRC32).toBe(digest('crc32', Buffer.from('bytes')).toString('base64'));

  const silent = await clientOf(s3, { responseChecksumValidation: 'WHEN_REQUIRED' }).send(new GetObjectCommand(object));
  expect(silent.ChecksumCRC32).toBeUndefined();
});
