import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import { noFaults } from '../../../demo/s3/faults.ts';
import type { S3Server } from '../../../demo/s3/index.ts';
import { BUCKET, clientOf, sendRaw, startS3 } from './harness.ts';

function control(s3: S3Server, method = 'GET', body?: string, path = ''): Promise<Response> {
  return fetch(`${s3.endpoint}/_s3/control${path}`, { method, ...(body !== undefined && { body }) });
}

test('GET tells the faults and the stats', async () => {
  const s3 = await startS3({ faults: { slowDown: 0.5 } });
  s3.put(BUCKET, 'a', Buffer.from('x'));
  await fetch(await getSignedUrl(clientOf(s3), new GetObjectCommand({ Bucket: BUCKET, Key: 'a' })));
  expect(await (await control(s3)).json()).toEqual({
    faults: { ...noFaults(), slowDown: 0.5 },
    stats: { requests: 1, gets: 1, bytesSent: 1, byKey: { 'photos/a': 1 }, writes: {} },
  });
});

test('PUT changes the faults it names, and only those', async () => {
  const s3 = await startS3({ faults: { cut: 1, keys: 'a' } });
  const response = await control(s3, 'PUT', JSON.stringify({ slowDown: 1, retryAfterSeconds: 2, keys: null }));
  expect(await response.json()).toMatchObject({ faults: { slowDown: 1, cut: 1, retryAfterSeconds: 2 } });
  expect(s3.faults).toEqual({ ...noFaults(), cut: 1, slowDown: 1, retryAfterSeconds: 2 });
});

test.for([
  ['not JSON', 'The body is not JSON'],
  ['[]', 'The body has to be a JSON object'],
  ['{"slowdown":1}', 'There is no fault "slowdown"'],
  ['{"__proto__":1}', 'There is no fault "__proto__"'],
  ['{"slowDown":2}', '"slowDown" has to be a number from 0 to 1, not 2'],
  ['{"slowDown":"1"}', '"slowDown" has to be a number from 0 to 1, not "1"'],
  ['{"latencyMs":-1}', '"latencyMs" has to be a number from 0 to 600000, not -1'],
  ['{"offline":1}', '"offline" has to be true or false, not 1'],
  ['{"cut":1,"keys":7}', '"keys" has to be a string, or null, not 7'],
  [`"${'x'.repeat(70_000)}"`, 'The body is larger than 65536 bytes'],
] as const)('PUT %s is refused and changes nothing', async ([body, expected]) => {
  const s3 = await startS3();
  const response = await control(s3, 'PUT', body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringContaining(expected) });
  expect(s3.faults).toEqual(noFaults());
});

test('POST reset-stats starts counting again', async () => {
  const s3 = await startS3();
  await fetch(s3.endpoint);
  expect(s3.stats.requests).toBe(1);
  await control(s3, 'POST', undefined, '/reset-stats');
  expect(s3.stats).toEqual({ requests: 0, gets: 0, bytesSent: 0, byKey: new Map(), writes: new Map() });
});

test('it works while offline', async () => {
  const s3 = await startS3({ faults: { offline: true } });
  await expect(fetch(s3.endpoint)).rejects.toThrow();
  expect((await control(s3, 'PUT', '{"offline":false}')).status).toBe(200);
  expect((await fetch(s3.endpoint)).status).toBe(403);
});

test.for([
  ['a page of another origin', ['Host: 127.0.0.1', 'Origin: https://evil.example']],
  ['a page of its own origin', ['Host: 127.0.0.1', 'Origin: http://127.0.0.1']],
  ['a name that was rebound', ['Host: evil.example']],
  ['a name that looks alike', ['Host: 127.0.0.1.evil.example']],
] as const)('it is refused to %s', async ([, headers]) => {
  const s3 = await startS3();
  const answer = await sendRaw(s3, ['GET /_s3/control HTTP/1.1', ...headers]);
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(answer).not.toContain('faults');
});

test('any other path or method under it is answered 404', async () => {
  const s3 = await startS3();
  expect((await control(s3, 'DELETE')).status).toBe(404);
  expect((await control(s3, 'GET', undefined, '/else')).status).toBe(404);
});
