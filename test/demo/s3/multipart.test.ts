import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { BUCKET, clientOf, refusal, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'big.bin' };
const MIN_PART = 5 * 1024 * 1024;
const large = randomBytes(MIN_PART);

async function begin(client: S3Client): Promise<{ UploadId: string | undefined }> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...object, ContentType: 'image/png' }));
  return { UploadId };
}

async function addPart(
  client: S3Client,
  upload: { UploadId: string | undefined },
  PartNumber: number,
  Body: Uint8Array,
): Promise<CompletedPart> {
  const { ETag } = await client.send(new UploadPartCommand({ ...object, ...upload, PartNumber, Body }));
  return { ETag, PartNumber };
}

function complete(
  client: S3Client,
  upload: { UploadId: string | undefined },
  Parts: CompletedPart[],
): Promise<{ ETag?: string | undefined }> {
  return client.send(new CompleteMultipartUploadCommand({ ...object, ...upload, MultipartUpload: { Parts } }));
}

test('parts become one object, whose ETag is the MD5 of their MD5s', async () => {
  const client = clientOf(await startS3());
  const upload = await begin(client);
  const tail = randomBytes(1000);
  const second = await addPart(client, upload, 2, tail);
  const first = await addPart(client, upload, 1, large);
  const listed = await client.send(new ListPartsCommand({ ...object, ...upload }));
  expect(listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, MIN_PART],
    [2, 1000],
  ]);

  const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();
  const etag = `"${md5(Buffer.concat([md5(large), md5(tail)])).toString('hex')}-2"`;
  expect((await complete(client, upload, [first, second])).ETag).toBe(etag);
  const got = await client.send(new GetObjectCommand(object));
  expect([got.ETag, got.ContentType]).toEqual([etag, 'image/png']);
  expect(Buffer.concat([large, tail]).equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  expect(await refusal(complete(client, upload, [first, second]))).toBe('404 NoSuchUpload');
});

test('a list that is not what was uploaded is refused', async () => {
  const client = clientOf(await startS3());
  const upload = await begin(client);
  const [first, second] = [await addPart(client, upload, 1, randomBytes(10)), await addPart(client, upload, 2, large)];
  const refuse = (parts: CompletedPart[]): Promise<string> => refusal(complete(client, upload, parts));
  expect(await refuse([first, second])).toBe('400 EntityTooSmall');
  expect(await refuse([second, first])).toBe('400 InvalidPartOrder');
  expect(await refuse([{ ...first, ETag: second.ETag }])).toBe('400 InvalidPart');
  expect(await refuse([{ ...first, PartNumber: 3 }])).toBe('400 InvalidPart');
  expect(await refuse([])).toBe('400 MalformedXML');
  expect(await refusal(addPart(client, upload, 10_001, large))).toBe('400 InvalidArgument');
  expect(await refusal(client.send(new HeadObjectCommand(object)))).toBe('404 NotFound');
});

test('an aborted upload is gone', async () => {
  const client = clientOf(await startS3());
  const upload = await begin(client);
  await client.send(new AbortMultipartUploadCommand({ ...object, ...upload }));
  expect(await refusal(addPart(client, upload, 1, randomBytes(10)))).toBe('404 NoSuchUpload');
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  expect(Uploads).toBeUndefined();
});

test('If-None-Match: * holds for a multipart upload too', async () => {
  const s3 = await startS3();
  const client = clientOf(s3);
  const upload = await begin(client);
  const Parts = [await addPart(client, upload, 1, randomBytes(10))];
  s3.put(BUCKET, 'big.bin', Buffer.from('first'));
  const command = new CompleteMultipartUploadCommand({
    ...object,
    ...upload,
    MultipartUpload: { Parts },
    IfNoneMatch: '*',
  });
  expect(await refusal(client.send(command))).toBe('412 PreconditionFailed');
});

test('a part can be a range of another object', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'source', Buffer.from('0123456789'));
  const client = clientOf(s3);
  const upload = await begin(client);
  const copy = { PartNumber: 1, CopySource: `${BUCKET}/source`, CopySourceRange: 'bytes=2-5' };
  const { CopyPartResult } = await client.send(new UploadPartCopyCommand({ ...object, ...upload, ...copy }));
  await complete(client, upload, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
  expect(await (await client.send(new GetObjectCommand(object))).Body?.transformToString()).toBe('2345');
});

test('lib-storage uploads a stream of unknown length', async () => {
  const client = clientOf(await startS3());
  const bytes = randomBytes(2 * MIN_PART + 1);
  await new Upload({ client, params: { ...object, Body: Readable.from([bytes]) } }).done();
  const got = await client.send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
  expect(bytes.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  expect(got.ChecksumCRC32).toMatch(/-3$/);
});
