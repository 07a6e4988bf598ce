import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BUCKET, clientOf, codeOf, sendRaw, startS3 } from './harness.ts';
import type { S3Server } from '../../../demo/s3/index.ts';

/**
 * Amazon's own worked examples: 66,560 times "a" in chunks of 64 KiB.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
 */
const EXAMPLE = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  buckets: ['examplebucket'],
  now: () => Date.UTC(2013, 4, 24),
};

interface Example {
  headers: string;
  signature: string;
  mode: string;
  extra: readonly string[];
  body: string;
}

const signed: Example = {
  headers:
    'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  mode: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  extra: [],
  body: [
    '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    'a'.repeat(65_536),
    '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'a'.repeat(1024),
    '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    '\r\n',
  ].join('\r\n'),
};

const withTrailer: Example = {
  headers:
    'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
  signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  mode: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  extra: ['x-amz-trailer: x-amz-checksum-crc32c'],
  body: [
    '10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    'a'.repeat(65_536),
    '400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    'a'.repeat(1024),
    '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    'x-amz-checksum-crc32c:sOO8/Q==',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    '\r\n',
  ].join('\r\n'),
};

function putExample(s3: S3Server, example: Example, body = example.body): Promise<string> {
  const credential = `${EXAMPLE.credentials.accessKeyId}/20130524/us-east-1/s3/aws4_request`;
  const head = [
    'PUT /examplebucket/chunkObject.txt HTTP/1.1',
    'Host: s3.amazonaws.com',
    'x-amz-date: 20130524T000000Z',
    'x-amz-storage-class: REDUCED_REDUNDANCY',
    `Authorization: AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${example.headers},Signature=${example.signature}`,
    `x-amz-content-sha256: ${example.mode}`,
    'Content-Encoding: aws-chunked',
    'x-amz-decoded-content-length: 66560',
    `Content-Length: ${example.body.length}`,
    ...example.extra,
  ];
  return sendRaw(s3, head, body);
}

describe.for([
  ['signed chunks', signed],
  ['signed chunks and a signed trailer', withTrailer],
] as const)('%s', ([, example]) => {
  test('are accepted as in the example of the manual, and leave no framing behind', async () => {
    const s3 = await startS3(EXAMPLE);
    const etag = createHash('md5').update('a'.repeat(66_560)).digest('hex');
    expect(await putExample(s3, example)).toContain(`ETag: "${etag}"`);
  });

  test.for([
    ['a changed byte', /a(?=\r\n400;)/],
    ['a changed chunk signature', /(?<=\r\n400;chunk-signature=)./],
    ['a changed signature of the last chunk', /(?<=\r\n0;chunk-signature=)./],
  ] as const)('are refused for %s', async ([, place]) => {
    const s3 = await startS3(EXAMPLE);
    const body = example.body.replace(place, 'f');
    expect(body).not.toBe(example.body);
    expect(codeOf(await putExample(s3, example, body))).toBe('SignatureDoesNotMatch');
  });
});

test('a changed trailer is refused', async () => {
  const s3 = await startS3(EXAMPLE);
  const body = withTrailer.body.replace('sOO8', 'sOO9');
  expect(codeOf(await putExample(s3, withTrailer, body))).toBe('SignatureDoesNotMatch');
});

test.for([
  ['in the middle', (body: string) => body.slice(0, 30_000)],
  ['before the last chunk', (body: string) => body.slice(0, body.indexOf('\r\n0;') + 2)],
] as const)('a body that ends %s is refused', async ([, cut]) => {
  const s3 = await startS3(EXAMPLE);
  const body = cut(withTrailer.body);
  // Content-Length is not among the signed headers of this example.
  expect(codeOf(await putExample(s3, { ...withTrailer, body }))).toBe('IncompleteBody');
});

test('a stream goes up with its checksum in the trailer, and comes back without the framing', async () => {
  const client = clientOf(await startS3());
  const bytes = Buffer.alloc(200_000, 'stream');
  const object = { Bucket: BUCKET, Key: 'stream.bin' };
  const body = Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
  await client.send(new PutObjectCommand({ ...object, Body: body, ContentLength: bytes.length }));
  const got = await client.send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
  expect(bytes.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  expect(got.ContentEncoding).toBeUndefined();
  expect(got.ChecksumCRC32).toMatch(/^[\w+/]{6}==$/);
});
