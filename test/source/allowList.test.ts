import dns from 'node:dns';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createS3Source } from '../../plugin/source/index.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { bucket, refusal, sourceOptions } from '../helpers/source.ts';

const source = createS3Source(
  sourceOptions([
    bucket('b'),
    bucket('part', { prefix: 'actors/' }),
    bucket('own', { endpoint: new URL('https://s3.example.com'), cdn: ['img.example.com'] }),
    bucket('minio', { endpoint: new URL('http://localhost:9000') }),
    bucket('virtual', { endpoint: new URL('https://s3.example.com'), forcePathStyle: false }),
    bucket('r2', { endpoint: new URL('https://acct.r2.cloudflarestorage.com') }),
  ]),
);

let connect: ReturnType<typeof vi.spyOn>;
let lookup: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  connect = vi.spyOn(net.Socket.prototype, 'connect');
  lookup = vi.spyOn(dns, 'lookup');
});
afterEach(() => {
  expect(connect).not.toHaveBeenCalled();
  expect(lookup).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

async function codeOf(url: string): Promise<string> {
  return (await refusal(() => source.identify(url))).code;
}

describe('T25: a URL that is not in a listed bucket is refused', () => {
  test.each([
    'https://evil.example/x.png',
    'https://b.s3.amazonaws.com.evil.example/x.png',
    'https://evil.example/b.s3.amazonaws.com/x.png',
    'https://evilb.s3.amazonaws.com/x.png',
    'https://evil.b.s3.amazonaws.com/x.png',
    'https://b.s3.amazonaws.com:8443/x.png',
    'https://b.s3.amazonaws.com:22/x.png',
    'https://b-s3.amazonaws.com/x.png',
    'https://b.s3xamazonaws.com/x.png',
    'https://b.s3.evil.amazonaws.com/x.png',
    'https://b.ec2.amazonaws.com/x.png',
    'https://b.s3-website.eu-central-1.amazonaws.com/x.png',
    'https://b.s3-website-us-east-1.amazonaws.com/x.png',
    'https://b.s3.cn-north-1.amazonaws.com.cn/x.png',
    'https://b.s3.us-gov-west-1.amazonaws.com/x.png',
    'https://b.s3.us-east-1.amazonaws.eu/x.png',
    'https://s3-accelerate.amazonaws.com/b/x.png',
    'https://unlisted.s3.amazonaws.com/x.png',
    'https://s3.amazonaws.com/unlisted/x.png',
    'https://s3.amazonaws.com/B/x.png',
    'https://s3.amazonaws.com//b/x.png',
    'https://s3.amazonaws.com/b%2Fx.png',
    'https://s3.amazonaws.com/%62/x.png',
    'https://s3.amazonaws.com/other/../b/x.png',
    'https://UNLISTED.S3.AMAZONAWS.COM/x.png',
    'https://unlisted.s3.amazonaws.com./x.png',
    'https://b.s3.amazonaws.com../x.png',
    'https://s3.example.com/other/x.png',
    'https://s3.example.com:444/own/x.png',
    'https://own.s3.example.com.evil.example/x.png',
    'https://s3.example.com.own/x.png',
    'https://img.example.com.evil.example/x.png',
    'https://eimg.example.com/x.png',
    'http://localhost:9001/minio/x.png',
    'http://localhost/minio/x.png',
    's3://unlisted/x.png',
    's3://B/x.png',
    's3://b:80/x.png',
    's3://b.s3.amazonaws.com/x.png',
    'https://part.s3.amazonaws.com/private/x.png',
    'https://part.s3.amazonaws.com/actorsx/x.png',
    'https://part.s3.amazonaws.com/actors',
    's3://part//actors/x.png',
  ])('%s', async (url) => {
    expect(await codeOf(url)).toBe('HOST_NOT_ALLOWED');
  });

  test.each([
    'https://part.s3.amazonaws.com/actors/../private/x.png',
    'https://part.s3.amazonaws.com/actors/%2e%2e/private/x.png',
    'https://part.s3.amazonaws.com/actors/..%2Fprivate/x.png',
    'https://part.s3.amazonaws.com/actors/..%5Cprivate/x.png',
    'https://s3.example.com/own/../other/x.png',
    'https://s3.example.com/own/a/../../other/x.png',
    's3://own/%2e%2e/other/x.png',
  ])('a key that a proxy would resolve to somewhere outside: %s', async (url) => {
    expect(await codeOf(url)).toBe('HOST_NOT_ALLOWED');
  });
});

describe('S4: for your own server, only the configured style is accepted', () => {
  test.each([
    'http://minio.localhost:9000/other-bucket/a.png?sig=1',
    'http://minio.localhost:9000/a.png',
    'https://own.s3.example.com/a.png',
    'https://own.s3.example.com/virtual/a.png',
    'https://s3.example.com/virtual/a.png',
    'https://r2.acct.r2.cloudflarestorage.com.evil.example/a.png',
  ])('%s', async (url) => {
    expect(await codeOf(url)).toBe('HOST_NOT_ALLOWED');
  });

  test.each([
    ['http://localhost:9000/minio/a.png', 'a.png'],
    ['https://s3.example.com/own/virtual/a.png', 'virtual/a.png'],
    ['https://virtual.s3.example.com/own/a.png', 'own/a.png'],
    // Its own DNS and documentation have both.
    ['https://acct.r2.cloudflarestorage.com/r2/a.png', 'a.png'],
    ['https://r2.acct.r2.cloudflarestorage.com/r2/a.png', 'r2/a.png'],
    ['https://b.s3.amazonaws.com/b/a.png', 'b/a.png'],
  ])('%s is %s', (url, key) => {
    expect(source.identify(url).objectKey).toBe(key);
  });
});

describe('T26: an address in any spelling is refused, unless it is a listed endpoint', () => {
  const loopback = [
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
  ];
  const metadata = ['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518'];
  const other = [
    '0',
    '0.0.0.0',
    'localhost',
    'localhost.',
    '127.0.0.1.nip.io',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[fd00:ec2::254]',
  ];
  const urls = [...loopback, ...metadata, ...other].flatMap((host) => [
    `http://${host}/b/x.png`,
    `https://${host}/x.png`,
  ]);

  test.each(urls)('%s', async (url) => {
    expect(await codeOf(url)).toBe('HOST_NOT_ALLOWED');
  });
});

describe('T27: a URL that two parsers could read differently is refused', () => {
  test.each([
    'http://b.s3.amazonaws.com@169.254.169.254/',
    'https://user:pw@b.s3.amazonaws.com/x.png',
    'https://@b.s3.amazonaws.com/x.png',
    'https://b.s3.amazonaws.com#@169.254.169.254/',
    'https://b.s3.amazonaws.com/x.png#@169.254.169.254/',
    'https://b.s3.amazonaws.com\\@169.254.169.254/x.png',
    'https://b.s3.amazonaws.com/x\\y.png',
    'http:/\\/\\169.254.169.254/',
    'http:169.254.169.254/x.png',
    'http:/169.254.169.254/x.png',
    'http:///169.254.169.254/x.png',
    'http:////169.254.169.254/x.png',
    '//b.s3.amazonaws.com/x.png',
    'http://1.1.1.1 &@2.2.2.2# @3.3.3.3/',
    ' https://b.s3.amazonaws.com/x.png',
    '\u00a0https://b.s3.amazonaws.com/x.png',
    'https://b.s3.amazonaws.com/x.png ',
    'https://b.s3.amazonaws.com/x\n.png',
    'https://b.s3.\tamazonaws.com/x.png',
    'https://b.s3.amazonaws.com/x\u0000.png',
    'https://b.s3.amazonaws.com/x\u2028.png',
    'https://b.s3.amazonaws.com/\ud800.png',
    'https://b.s3.amazonaws.com:0443/x.png',
    'https://b.s3.amazonaws.com:/x.png',
    'https://b.s3.amazonaws.com:99999/x.png',
    'https://b.s3.amazonaws.com:443:443/x.png',
    'https://b.s3.amazonaws%40.com/x.png',
    'https://[::1/x.png',
    'https://b.s3.amazonaws.com/%E0%A4%A',
    'https://b.s3.amazonaws.com/%C0%AE%C0%AE/x.png',
    'https://b.s3.amazonaws.com/',
    'https://b.s3.amazonaws.com',
    'https://s3.amazonaws.com/b',
    's3://b',
    's3://b/x?versionId=1&versionId=2',
    '',
    'x.png',
    '/x.png',
    '__proto__',
    `https://b.s3.amazonaws.com/${'a'.repeat(1025)}`,
    `https://b.s3.amazonaws.com/${'a'.repeat(100_000)}`,
  ])('%j', async (url) => {
    expect(await codeOf(url)).toBe('INVALID_URL');
  });

  test('a value that is not a text is refused, too', async () => {
    for (const value of [undefined, null, 7, {}, ['s3://b/x']]) {
      // A request body promises nothing about its types.
      expect(await codeOf(value as string)).toBe('INVALID_URL');
    }
  });
});

describe('T28: only https, unless a listed endpoint has http', () => {
  test.each([
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'gopher://b.s3.amazonaws.com/x',
    'ftp://b.s3.amazonaws.com/x',
    'javascript:alert(1)',
    'blob:https://b.s3.amazonaws.com/x',
    'http://b.s3.amazonaws.com/x.png',
    'http://unlisted.s3.amazonaws.com/x.png',
    'http://s3.amazonaws.com/b/x.png',
    'http://s3.example.com/own/x.png',
    'http://img.example.com/x.png',
    'https://localhost:9000/minio/x.png',
  ])('%s', async (url) => {
    expect(await codeOf(url)).toBe('INVALID_URL_SCHEME');
  });
});

test('T22: long and repetitive input is refused at once', async () => {
  const start = cpuMs();
  for (const part of ['a', '/', '..', '%2e', '&', '?', '.s3-', 'a.', '<Code>']) {
    const text = part.repeat(16_000 / part.length);
    await refusal(() => source.identify(text));
    await refusal(() => source.identify(`https://${text.slice(0, 16_000)}`));
    await refusal(() => source.identify(`https://b.s3.amazonaws.com/${text.slice(0, 16_000)}`)).catch(() => {});
  }
  expect(cpuMs() - start).toBeLessThan(1_000);
});
