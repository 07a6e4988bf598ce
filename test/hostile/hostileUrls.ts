import type { Random } from './random.ts';

/** T25, T26: hosts that a server must not request: loopback and the metadata service, in every spelling. */
export const INTERNAL_HOSTS = [
  '127.0.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.1',
  '127.0.1',
  '\u2460\u2461\u2466.\u24ea.\u24ea.\u2460',
  '127\u30020\u30020\u30021',
  '\uff11\uff12\uff17.0.0.1',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '0',
  '0.0.0.0',
  'localhost',
  'localhost.',
  'LOCALHOST',
  '127.0.0.1.nip.io',
  'metadata.google.internal',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[fd00:ec2::254]',
  '[fe80::1]',
] as const;

/** T25: hosts that look like a listed bucket's. */
export const LOOKALIKES = [
  'evil.example',
  'team-photos.s3.amazonaws.com.evil.example',
  'evilteam-photos.s3.amazonaws.com',
  'team-photos-evil.s3.amazonaws.com',
  'unlisted.s3.amazonaws.com',
  'unlisted.s3.eu-west-1.amazonaws.com',
  'team-photos.s3.amazonaws.evil.example',
  'team-photos.s3-website.amazonaws.com',
  'team-photos.s3.amazonaws.co',
  'team-photos.s3.amazonaws.com.cn',
  'team-photosXs3.amazonaws.com',
] as const;

/** T27: URLs that two parsers may read differently. */
export const AMBIGUOUS = [
  'http://team-photos.s3.amazonaws.com@169.254.169.254/x.png',
  'https://user:pw@team-photos.s3.amazonaws.com/x.png',
  'https://team-photos.s3.amazonaws.com#@169.254.169.254/',
  'https://team-photos.s3.amazonaws.com\\@169.254.169.254/x.png',
  'http:/\\/\\169.254.169.254/',
  'http:169.254.169.254/x.png',
  'http:///169.254.169.254/x.png',
  '//team-photos.s3.amazonaws.com/x.png',
  'http://1.1.1.1 &@2.2.2.2# @3.3.3.3/',
  ' https://team-photos.s3.amazonaws.com/x.png',
  '\u00a0https://team-photos.s3.amazonaws.com/x.png',
  'https://team-photos.s3.amazonaws.com:0443/x.png',
  'https://team-photos.s3.amazonaws.com:/x.png',
  'https://team-photos.s3.\tamazonaws.com/x.png',
  'https://team-photos.s3.amazonaws.com/x\r\nHost: evil.example',
  'https://[::1/x.png',
] as const;

/** T28: schemes that are never fetched. */
export const SCHEMES = [
  'file:///etc/passwd',
  'file://localhost/etc/passwd',
  'data:image/png;base64,AAAA',
  'gopher://team-photos.s3.amazonaws.com/x',
  'ftp://team-photos.s3.amazonaws.com/x',
  'javascript:alert(1)',
  'blob:https://team-photos.s3.amazonaws.com/x',
  'ws://team-photos.s3.amazonaws.com/x',
  'http://team-photos.s3.amazonaws.com/x.png',
] as const;

/** The above put together at random: none of the results names an object of a listed bucket. */
export function* hostileUrls({ pick }: Random, count: number): Generator<string> {
  for (let n = 0; n < count; n += 1) {
    const scheme = pick(['http', 'https', 'HTTPS', 'https', 'http', 'ftp', 's3', 'h\u0442tps']);
    const slashes = pick(['://', '://', '://', ':/', ':', ':///', ':\\\\', ':/\\', '%3a//']);
    const user = pick(['', '', '', 'user@', 'a:b@', 'team-photos.s3.amazonaws.com@', '@', '%40', 'x#@', 'x\\@']);
    const host = pick([pick(INTERNAL_HOSTS), pick(INTERNAL_HOSTS), pick(LOOKALIKES)]);
    const port = pick(['', '', ':80', ':443', ':22', ':6379', ':0443', ':', ':-1', ':99999', ':{server}', ':{bucket}']);
    const path = pick([
      '/x.png',
      '/photos/0001/a.jpg',
      '/team-photos/x.png',
      '',
      '?x=1',
      '/..//x',
      '/%2e%2e/x',
      '/x#y',
    ]);
    const query = pick([
      '',
      '?X-Amz-Signature=CANARY1&X-Amz-Credential=CANARY3',
      '&versionId=1',
      '?response-content-type=a',
    ]);
    yield `${scheme}${slashes}${user}${host}${port}${path}${query}`;
  }
}
