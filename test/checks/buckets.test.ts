import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { refusal } from '../helpers/source.ts';

const withBucket = (rest: object) => ({ buckets: [{ name: 'photos', ...rest }] });
const refused = (rest: object) => refusal(() => resolveOptions(withBucket(rest)));

describe('credentials', () => {
  const CANARY = 'CANARY-secret';

  it.each([
    [{ accessKeyId: undefined, secretAccessKey: CANARY }, 'accessKeyId', 'nothing'],
    [{ accessKeyId: CANARY, secretAccessKey: undefined }, 'secretAccessKey', 'nothing'],
    [{ accessKeyId: '', secretAccessKey: CANARY }, 'accessKeyId', 'an empty text'],
    [{ accessKeyId: CANARY, secretAccessKey: ' ' }, 'secretAccessKey', 'an empty text'],
    [{ accessKeyId: CANARY, secretAccessKey: 123_456 }, 'secretAccessKey', 'a number'],
    [{ accessKeyId: CANARY, secretAccessKey: CANARY, sessionToken: 123_456 }, 'sessionToken', 'a number'],
    [{ secretAccessKey: CANARY }, 'accessKeyId', 'nothing'],
  ])('%j are refused at the start by the name of the field, never by its value', async (credentials, field, came) => {
    const error = await refused({ credentials });
    expect(error.message).toContain(`option \`buckets.0.credentials.${field}\` must be`);
    expect(error.message).toContain(`got ${came}.`);
    expect(JSON.stringify(error.toItem())).not.toMatch(/CANARY|123456/);
    const isUnset = field in credentials && !came.includes('number');
    expect(error.hint?.includes('environment variable') ?? false).toBe(isUnset);
  });

  it.each([CANARY, [CANARY], null, true])('%j are not credentials', async (credentials) => {
    const error = await refused({ credentials });
    expect(error.message).toContain('must be { accessKeyId, secretAccessKey, sessionToken? } or a provider function');
    expect(JSON.stringify(error.toItem())).not.toContain('CANARY');
  });

  class Credentials {
    readonly secretAccessKey = 's';
    get accessKeyId() {
      return 'a';
    }
  }

  it.each([
    ['none', undefined],
    ['a key', { accessKeyId: 'a', secretAccessKey: 's' }],
    ['a temporary key', { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiration: new Date() }],
    ['no session token', { accessKeyId: 'a', secretAccessKey: 's', sessionToken: undefined }],
    ['an empty session token, which the SDK leaves out', { accessKeyId: 'a', secretAccessKey: 's', sessionToken: '' }],
    ['an object of a class', new Credentials()],
    ['a provider', async () => ({ accessKeyId: 'a', secretAccessKey: 's' })],
  ])('%s is accepted, and passed on unchanged', (_name, credentials) => {
    expect(resolveOptions(withBucket({ credentials }) as never).buckets[0]?.credentials).toBe(credentials);
  });
});

describe('endpoint', () => {
  it.each([
    'https://.r2.cloudflarestorage.com',
    'https://undefined.r2.cloudflarestorage.com',
    'https://acct..r2.cloudflarestorage.com',
  ])('%s has an empty part, probably because a variable is not set', async (endpoint) => {
    const error = await refused({ endpoint });
    expect(error.message).toContain('option `buckets.0.endpoint` must be an http(s) URL');
    expect(error.hint).toMatch(/^A part of the host name is missing\. .*environment variable/);
  });

  it.each([
    ['http://host/photos', 'http://host'],
    ['http://127.0.0.1:9000/photos/', 'http://127.0.0.1:9000'],
    ['https://x.supabase.co/storage/v1/s3/photos', 'https://x.supabase.co/storage/v1/s3'],
  ])('%s ends in the bucket, and is refused with the address to write', async (endpoint, server) => {
    const error = await refused({ endpoint });
    expect(error.message).toContain(
      'option `buckets.0.endpoint` must be the address of the server, without the bucket',
    );
    expect(error.hint).toContain(`Write '${server}'`);
    expect(() => resolveOptions(withBucket({ endpoint: server }))).not.toThrow();
  });

  it.each([
    'https://s3.example.com',
    'https://s3.example.com.',
    'http://[::1]:9000',
    'http://localhost:9000/',
    'https://x.supabase.co/storage/v1/s3',
    'http://host/team-photos',
    'http://host/photos/v1',
    'https://photos.example.com',
  ])('%s is accepted', (endpoint) => {
    expect(resolveOptions(withBucket({ endpoint })).buckets[0]?.endpoint?.href).toBe(new URL(endpoint).href);
  });
});

describe('cdn', () => {
  it.each([
    ['https://img.example.com', "Write 'img.example.com'."],
    ['img.example.com/photos', "Write 'img.example.com'."],
    ['bücher.example', "Write 'xn--bcher-kva.example'."],
    ['img.example.com:8443', 'A server with a port is an `endpoint`, not a `cdn`.'],
    ['https://127.0.0.1:9400', 'A server with a port is an `endpoint`, not a `cdn`.'],
    ['.example.com', undefined],
    ['*.example.com', undefined],
    ['img..example.com', undefined],
  ])('%s can never match, and is refused', async (host, hint) => {
    const error = await refused({ cdn: [host] });
    expect(error.message).toContain('option `buckets.0.cdn.0` must be a host name without scheme, port or path');
    expect(error.hint).toBe(hint);
  });

  it('is compared in lower case', () => {
    expect(resolveOptions(withBucket({ cdn: ['IMG.example.com', 'my_cdn.lan'] })).buckets[0]?.cdn).toEqual([
      'img.example.com',
      'my_cdn.lan',
    ]);
  });
});
