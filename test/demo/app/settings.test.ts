import { expect, test } from 'vitest';
import { readStorage, STORAGE_CREDENTIALS, usesOtherServer } from '../../../demo/settings.ts';

test('without any environment the demo looks for its own server', () => {
  expect(readStorage({})).toEqual({
    endpoint: 'http://127.0.0.1:9179',
    region: 'us-east-1',
    bucket: 'private-photos',
    credentials: STORAGE_CREDENTIALS,
    controlUrl: 'http://127.0.0.1:9179/_s3/control',
  });
});

test("its own server may have had to take another port; the user's region is none of its business", () => {
  const { endpoint, region } = readStorage({ DEMO_S3_ENDPOINT: 'http://127.0.0.1:40123', AWS_REGION: 'eu-central-1' });
  expect([endpoint, region]).toEqual(['http://127.0.0.1:40123', 'us-east-1']);
});

test('another server brings its own keys, and has no faults to switch', () => {
  const env = { S3_ENDPOINT: 'https://s3.example.com', S3_BUCKET: 'photos', S3_REGION: 'auto' };
  expect(readStorage(env)).toEqual({ endpoint: 'https://s3.example.com', bucket: 'photos', region: 'auto' });
  expect(usesOtherServer(env)).toBe(true);
});

test('a bucket alone is one at AWS', () => {
  expect(readStorage({ S3_BUCKET: 'photos', AWS_REGION: 'eu-west-3' })).toEqual({
    bucket: 'photos',
    region: 'eu-west-3',
  });
});
