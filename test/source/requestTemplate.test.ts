import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from 'vitest';
import { templateOf } from '../../plugin/source/requestTemplate.ts';
import { requestBySdk, type SdkRequest } from '../../plugin/source/sdkRequest.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';
import { bucket } from '../helpers/source.ts';

const entry = bucket('pics', { region: 'eu-west-3' });
const identify = createIdentify({ buckets: [entry], resolveKey: undefined });
const client = new S3Client({
  region: 'eu-west-3',
  credentials: { accessKeyId: 'AK', secretAccessKey: 'secret', sessionToken: 'session' },
});
afterAll(() => client.destroy());

const bySdk = () => requestBySdk(client, identify('s3://pics/a/b.jpg'));

test('a template makes the same request as the SDK, except for headers of a single request', async () => {
  const template = await templateOf(await bySdk(), 'a/b.jpg', client.config);
  const made = await template?.("c d/(é)+'.jpg", new Date());
  const { headers, ...expected } = await requestBySdk(client, identify("s3://pics/c d/(é)+'.jpg"));
  expect(made).toMatchObject({ hostname: expected.hostname, path: expected.path, query: expected.query });
  const names = Object.keys(headers).filter((name) => !name.startsWith('amz-sdk-'));
  expect(Object.keys(made?.headers ?? {}).toSorted()).toEqual(names.toSorted());
});

test('a template signs with the given time', async () => {
  const template = await templateOf(await bySdk(), 'a/b.jpg', client.config);
  const made = await template?.('c', new Date('2031-02-03T04:05:06Z'));
  expect(made?.headers['x-amz-date']).toBe('20310203T040506Z');
  expect(made?.headers['authorization']).toContain('/20310203/eu-west-3/s3/aws4_request');
});

test.each<[string, (request: SdkRequest) => Partial<SdkRequest>]>([
  ['has no signature', ({ headers }) => ({ headers: { host: headers['host'] ?? '' } })],
  ['is signed in another way', (request) => resigned(request, 'AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')],
  ['is signed for another service', (request) => resigned(request, '/s3/', '/s3express/')],
  ['is signed with other credentials', (request) => resigned(request, 'Credential=AK', 'Credential=OTHER')],
  ['has another signature', (request) => resigned(request, /Signature=.{4}/, 'Signature=0000')],
  ['has a header that was signed otherwise', ({ headers }) => ({ headers: { ...headers, host: 'elsewhere' } })],
  ['does not end in the key', () => ({ path: '/a/c.jpg' })],
])('there is no template of a request that %s', async (_, change) => {
  const request = await bySdk();
  expect(await templateOf({ ...request, ...change(request) }, 'a/b.jpg', client.config)).toBeUndefined();
});

function resigned({ headers }: SdkRequest, from: string | RegExp, to: string): Pick<SdkRequest, 'headers'> {
  const { authorization = '' } = headers;
  expect(authorization).toMatch(from);
  return { headers: { ...headers, authorization: authorization.replace(from, to) } };
}
