import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import { BUCKET, clientOf, refusal, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'a.txt' };
const ETAG = '"9dd4e461268c8034f5c8564e155c67a6"'; // MD5 of "x"
const OTHER = '"00000000000000000000000000000000"';
const past = new Date(Date.now() - 3_600_000);
const future = new Date(Date.now() + 1000);

describe('a read', () => {
  test.for([
    [{ IfNoneMatch: ETAG }, '304'],
    [{ IfNoneMatch: '*' }, '304'],
    [{ IfNoneMatch: `${OTHER}, ${ETAG}` }, '304'],
    [{ IfNoneMatch: OTHER }, '200'],
    [{ IfModifiedSince: future }, '304'],
    [{ IfModifiedSince: past }, '200'],
    [{ IfMatch: ETAG }, '200'],
    [{ IfMatch: OTHER }, '412'],
    [{ IfUnmodifiedSince: past }, '412'],
    [{ IfUnmodifiedSince: future }, '200'],
    // The ETag is the better judge (RFC 9110 section 13.2.2).
    [{ IfMatch: ETAG, IfUnmodifiedSince: past }, '200'],
    [{ IfNoneMatch: OTHER, IfModifiedSince: future }, '200'],
  ] as const)('%# with %o answers %s', async ([condition, expected]) => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.txt', Buffer.from('x'));
    const client = clientOf(s3);
    for (const command of [
      new GetObjectCommand({ ...object, ...condition }),
      new HeadObjectCommand({ ...object, ...condition }),
    ]) {
      const answer = command instanceof GetObjectCommand ? client.send(command) : client.send(command);
      if (expected === '200') await answer;
      else expect(await refusal(answer)).toContain(expected);
    }
  });

  test('that is not modified has an ETag and no body', async () => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.txt', Buffer.from('x'));
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand(object));
    const response = await fetch(url, { headers: { 'If-None-Match': ETAG } });
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, ETAG, '']);
    expect(response.headers.has('last-modified')).toBe(true);
  });

  test('resumes with If-Range only what is still the same', async () => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.txt', Buffer.from('x'));
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand(object));
    const resume = (etag: string): Promise<Response> =>
      fetch(url, { headers: { Range: 'bytes=0-0', 'If-Range': etag } });
    expect([(await resume(ETAG)).status, (await resume(OTHER)).status]).toEqual([206, 200]);
  });
});

describe('a write', () => {
  test('with If-None-Match: * has one winner of ten', async () => {
    const s3 = await startS3();
    const client = clientOf(s3);
    const puts = Array.from({ length: 10 }, (_, i) =>
      client.send(new PutObjectCommand({ ...object, Body: `${i}`, IfNoneMatch: '*' })).then(
        () => `${i}`,
        () => undefined,
      ),
    );
    const winners = (await Promise.all(puts)).filter((winner) => winner !== undefined);
    const stored = await client.send(new GetObjectCommand(object));
    expect(winners).toEqual([await stored.Body?.transformToString()]);
  });

  test.for([
    [{ IfNoneMatch: '*' }, '412 PreconditionFailed'],
    [{ IfNoneMatch: ETAG }, '501 NotImplemented'],
    [{ IfMatch: OTHER }, '412 PreconditionFailed'],
  ] as const)('over an object with %o is refused: %s', async ([condition, expected]) => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.txt', Buffer.from('x'));
    expect(await refusal(clientOf(s3).send(new PutObjectCommand({ ...object, Body: 'y', ...condition })))).toBe(
      expected,
    );
    const kept = await clientOf(s3).send(new GetObjectCommand(object));
    expect(await kept.Body?.transformToString()).toBe('x');
  });

  test('with If-Match replaces what it has seen, lazy objects too', async () => {
    const s3 = await startS3();
    s3.putLazy(BUCKET, 'a.txt', { contentType: 'text/plain', produce: async () => Buffer.from('x') });
    const put = (): Promise<unknown> =>
      clientOf(s3).send(new PutObjectCommand({ ...object, Body: 'y', IfMatch: ETAG }));
    await put();
    expect(await refusal(put())).toBe('412 PreconditionFailed');
  });

  test('with If-Match needs an object', async () => {
    const put = new PutObjectCommand({ ...object, Body: 'y', IfMatch: ETAG });
    expect(await refusal(clientOf(await startS3()).send(put))).toBe('404 NoSuchKey');
  });
});
