import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import { BUCKET, clientOf, codeOf, refusal, sendRaw, startS3 } from './harness.ts';

const object = { Bucket: BUCKET, Key: 'a.txt' };

describe('a signature in the header', () => {
  test.for([
    ['an unknown access key', { accessKeyId: 'NOPE', secretAccessKey: 'demosecret' }, '403 InvalidAccessKeyId'],
    ['a wrong secret', { accessKeyId: 'DEMOKEY', secretAccessKey: 'wrong' }, '403 SignatureDoesNotMatch'],
  ] as const)('with %s is refused', async ([, credentials, expected]) => {
    const s3 = await startS3();
    const client = clientOf(s3, { credentials });
    expect(await refusal(client.send(new PutObjectCommand({ ...object, Body: 'x' })))).toBe(expected);
    expect(await refusal(client.send(new GetObjectCommand(object)))).toBe(expected);
    expect(await refusal(clientOf(s3).send(new GetObjectCommand(object)))).toBe('404 NoSuchKey');
  });

  test('for another region is refused, and the right one is named', async () => {
    const client = clientOf(await startS3({ region: 'eu-central-1' }), { region: 'us-east-1' });
    const answer = client.send(new GetObjectCommand(object));
    await expect(answer).rejects.toMatchObject({ name: 'AuthorizationHeaderMalformed', Region: 'eu-central-1' });
  });

  test.for([-16, 16])('made by a clock that is %i minutes off is refused', async (minutes) => {
    const client = clientOf(await startS3({ now: () => Date.now() + minutes * 60_000 }));
    expect(await refusal(client.send(new GetObjectCommand(object)))).toBe('403 RequestTimeTooSkewed');
  });

  test('covers every x-amz- header: one that was slipped in is refused', async () => {
    const s3 = await startS3();
    const url = await getSignedUrl(clientOf(s3), new PutObjectCommand(object));
    const response = await fetch(url, { method: 'PUT', body: 'x', headers: { 'x-amz-meta-owner': 'me' } });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('<HeadersNotSigned>x-amz-meta-owner</HeadersNotSigned>');
  });

  test.for([
    ['nobody', '', '403 AccessDenied'],
    ['a signature of version 2', 'Authorization: AWS DEMOKEY:c2lnbmF0dXJl', '400 InvalidRequest'],
    ['a torn header', 'Authorization: AWS4-HMAC-SHA256 Credential=DEMOKEY', '400 AuthorizationHeaderMalformed'],
  ] as const)('by %s is refused', async ([, line, expected]) => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.txt', Buffer.from('secret'));
    const head = ['GET /photos/a.txt HTTP/1.1', 'Host: 127.0.0.1', ...(line === '' ? [] : [line])];
    const answer = await sendRaw(s3, head);
    expect(`${answer.slice(9, 12)} ${codeOf(answer)}`).toBe(expected);
    expect(answer).not.toContain('secret');
  });
});

describe('a presigned URL', () => {
  test('reads and writes an object without credentials', async () => {
    const s3 = await startS3();
    const client = clientOf(s3);
    const awkward = { Bucket: BUCKET, Key: "a b+ü/%2F&=?'(1)*!.jpg" };
    const put = await fetch(await getSignedUrl(client, new PutObjectCommand(awkward)), {
      method: 'PUT',
      body: 'bytes',
    });
    const got = await fetch(await getSignedUrl(client, new GetObjectCommand(awkward)));
    expect([put.status, got.status, await got.text()]).toEqual([200, 200, 'bytes']);
  });

  test('that has run out answers as S3 does', async () => {
    let now = Date.now();
    const s3 = await startS3({ now: () => now });
    s3.put(BUCKET, 'a.txt', Buffer.from('x'));
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand(object), { expiresIn: 60 });
    now += 59_000;
    expect((await fetch(url)).status).toBe(200);
    now += 2_000;
    const response = await fetch(url);
    const document = await response.text();
    expect([response.status, codeOf(document)]).toEqual([403, 'AccessDenied']);
    expect(document).toMatch(/<Message>Request has expired<\/Message><X-Amz-Expires>60<.*<Expires>.*<ServerTime>/);
  });

  test.for([
    ['another key', (url: string) => url.replace('a.txt', 'b.txt')],
    ['a longer life', (url: string) => url.replace('X-Amz-Expires=900', 'X-Amz-Expires=9000')],
    ['another signature', (url: string) => url.replace(/(X-Amz-Signature=).{4}/, '$10000')],
    ['an override that was not signed', (url: string) => `${url}&response-content-type=text%2Fhtml`],
  ] as const)('with %s is refused', async ([, tamper]) => {
    const s3 = await startS3();
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand(object));
    const response = await fetch(tamper(url));
    expect([response.status, codeOf(await response.text())]).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('is for one method only', async () => {
    const s3 = await startS3();
    s3.put(BUCKET, 'a.txt', Buffer.from('x'));
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand(object));
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    await clientOf(s3).send(new HeadObjectCommand(object));
  });

  test('may live a week and no longer', async () => {
    const s3 = await startS3();
    const url = await getSignedUrl(clientOf(s3), new GetObjectCommand(object));
    const response = await fetch(url.replace('X-Amz-Expires=900', 'X-Amz-Expires=604801'));
    expect([response.status, codeOf(await response.text())]).toEqual([400, 'AuthorizationQueryParametersError']);
  });
});

test('a bucket is addressed as a virtual host too', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'a.txt', Buffer.from('by host'));
  const client = clientOf(s3, { endpoint: `http://localhost:${s3.port}`, forcePathStyle: false });
  const url = new URL(await getSignedUrl(client, new GetObjectCommand(object)));
  expect(url.host).toBe(`photos.localhost:${s3.port}`);
  // Not every resolver knows *.localhost.
  const answer = await sendRaw(s3, [`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`]);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*by host$/);
});

test('a session token is signed with the rest', async () => {
  const s3 = await startS3();
  s3.put(BUCKET, 'a.txt', Buffer.from('x'));
  const client = clientOf(s3, { credentials: { ...s3.credentials, sessionToken: 'token' } });
  const url = await getSignedUrl(client, new GetObjectCommand(object));
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(url.replace('Security-Token=token', 'Security-Token=other'))).status).toBe(403);
});
