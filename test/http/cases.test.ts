import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Manifest, PrefetchAnswer } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { rawClient } from '../helpers/rawHttp.ts';
import { type Api, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', onRejection));
afterAll(() => {
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

/** The API with one image cached for actor 0001, and a file beside the cache directory that nobody must ever see. */
async function start() {
  const bucket = await startBucket();
  bucket.server.put('photos', '0001/a.jpg', await jpeg(1));
  const api = await startApi(bucket);
  await writeFile(join(dirname(api.dir), 'canary.png'), 'CANARY-FILE');
  expect((await api.get(`${imageUrl(await bucket.presign('0001/a.jpg'))}&actor_id=0001`)).status).toBe(200);
  const client = rawClient(api.base);
  onTestFinished(() => client.close());
  return { bucket, api, client };
}

async function expectUnharmed(api: Api): Promise<void> {
  const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
  expect(Object.keys(entries)).toHaveLength(1);
  expect((await readdir(dirname(api.dir))).toSorted()).toEqual(['.image-cache', 'canary.png']);
  expect(await readFile(join(dirname(api.dir), 'canary.png'), 'utf8')).toBe('CANARY-FILE');
}

const DOTS = [
  '..',
  '%2e%2e',
  '%252e%252e',
  '.%2e',
  '%c0%ae%c0%ae',
  '%ef%bc%8e%ef%bc%8e',
  '%u002e%u002e',
  '....',
  '..;',
  '..%00',
];
const SLASHES = ['/', '%2f', '%252f', '%5c', '%255c', '%c0%af', '%ef%bc%8f', '%e0%80%af', '//', '/./'];
const STARTS = [
  '',
  '/',
  './',
  '.image-cache/',
  '.image-cache/images/',
  'images/0001/',
  'file:///',
  'C:%5c',
  '%5c%5chost%5cshare%5c',
  '/etc/',
  '%00',
];
const TARGETS = [
  'canary.png',
  'etc/passwd',
  '.image-cache/manifest.json',
  'journal/0000000001.log',
  'canary.png%00.jpg',
];

const unescape = (text: string) =>
  text.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Every combination of the above and a depth of 1 to 4; each step of the stride is another mixture. */
function* traversals(stride: number): Generator<string> {
  let number = 0;
  for (const begin of STARTS)
    for (const dots of DOTS)
      for (const slash of SLASHES)
        for (const target of TARGETS)
          for (let depth = 1; depth <= 4; depth += 1)
            if ((number += 1) % stride === 0) yield begin + `${dots}${slash}`.repeat(depth) + target;
}

describe('T9: traversal', () => {
  it.each([
    ['/image?path=', 'GET', 7],
    ['/exists?path=', 'GET', 11],
    ['/clear/', 'POST', 13],
  ] as const)(
    'T9: no spelling of `..` leads anywhere by %s',
    async (endpoint, method, stride) => {
      const { api, client } = await start();
      let sent = 0;
      for (const path of traversals(stride)) {
        sent += 1;
        const { status, text } = await client.send(method, endpoint + path);
        expect(status, path).toBeLessThan(500);
        expect(text, path).not.toContain('CANARY-FILE');
        expect(text, path).not.toContain('root:');
        if (endpoint === '/image?path=') {
          expect([400, 404], path).toContain(status);
          expect(text, path).toMatch(/"code":"(?:INVALID_PATH|NOT_CACHED)"/);
        } else if (status === 200) expect(text, path).toMatch(/"exists":false|"cleared":0/);
      }
      expect(sent).toBeGreaterThan(1500);
      await expectUnharmed(api);
    },
    20_000,
  );

  it('T9, T12: a filename is a name for people and leads nowhere', async () => {
    const { api, bucket, client } = await start();
    const s3_url = await bucket.presign('0001/a.jpg');
    const filenames = [...traversals(101)];
    const images = filenames.map((filename) => ({
      s3_url,
      filename: unescape(filename),
    }));
    const usable = images.filter(({ filename }) => !filename.includes('\0'));
    const { status, text } = await client.json('/prefetch', JSON.stringify({ actor_id: '0001', images: usable }));
    expect(status).toBe(200);
    expect((JSON.parse(text) as PrefetchAnswer).failed).toBe(0);
    const refused = await client.json(
      '/prefetch',
      JSON.stringify({ actor_id: '0001', images: [{ s3_url, filename: 'a\0' }] }),
    );
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('INVALID_FILENAME');
    await expectUnharmed(api);
  });

  it.each([
    ['', 400],
    ['.image-cache-evil/x.png', 404],
    ['/etc/passwd', 404],
    ['C:%5cx', 404],
    ['%5c%5chost%5cs', 404],
    ['//host/s', 404],
    ['images', 404],
    ['images/0001', 404],
    ['.image-cache/manifest.json', 404],
    ['.image-cache/journal/0000000001.log', 404],
    ['.image-cache/tmp/1-x.part', 404],
    ['.image-cache/journal/compact.lock', 404],
    ['__proto__', 404],
    ['constructor', 404],
  ])('T10: path %j is no image', async (path, status) => {
    const { client } = await start();
    expect((await client.send('GET', `/image?path=${path}`)).status).toBe(status);
  });
});

describe('T11: on the wire', () => {
  const GET = (target: string) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  it.each([
    ['a fragment', GET('/image#x'), 400],
    ['a fragment in a query', GET('/image?path=a#x'), 400],
    ['the absolute form', GET('http://localhost/manifest'), 400],
    ['the absolute form of another host', GET('http://evil.example/image?path=a'), 400],
    ['a broken escape', GET('/image?path=%E0%A4%A'), 400],
    ['a broken escape in a path', GET('/clear/%E0%A4%A'), 400],
    ['a NUL', GET('/image?path=%00'), 400],
    ['a parameter twice', GET('/image?path=a&path=b'), 400],
    ['an array', GET('/image?path[a]=b'), 400],
    ['a prototype', GET('/image?__proto__[path]=b'), 400],
    ['a query of 64 kB', GET(`/image?path=${'a'.repeat(65_536)}`), 431],
    ['GET for a POST', GET('/clear-all'), 405],
    ['PUT', GET('/manifest').replace('GET', 'PUT'), 405],
    ['TRACE', GET('/image?path=a').replace('GET', 'TRACE'), 405],
    ['an unknown path', GET('/nothing'), 404],
    ['a bare LF in a header', 'GET /image HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n', 400],
    [
      'two lengths',
      'POST /clear-all HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      400,
    ],
    [
      'a length and chunks',
      'POST /clear-all HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
      400,
    ],
  ])('T11: %s is refused', async (_, bytes, status) => {
    const { api, client } = await start();
    const answer = await client.socket(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status === 405) expect(answer).toMatch(/^Allow: /im);
    if (status === 404 || status === 405) expect(answer).toContain('application/problem+json');
    await expectUnharmed(api);
  });
});

/** Strings that break what was not written with them in mind. */
const NAUGHTY = [
  '\r\nSet-Cookie: a=b',
  '\u2028\u2029',
  '\u001B[31mred\u001B[0m',
  'a\0b',
  '\u0085',
  '\uFEFF',
  '\uD800',
  '\u202E',
  '\u200B\u200D',
  '👩‍👩‍👧‍👦',
  'Ω≈ç√',
  'ﷺ',
  '%s%n%d',
  '{{7*7}}',
  '${7*7}',
  '<script>alert(1)</script>',
  "'; DROP TABLE images; --",
  '$(reboot)',
  '`id`',
  '| cat /etc/passwd',
  'CON',
  'NUL.png',
  'LPT¹',
  'a.png::$DATA',
  'IMAGE~1',
  'a.',
  'a ',
  ' ',
  '',
  '.',
  '..',
  'a/b',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e309',
  '0x0',
  'true',
  '\\',
  '\\\\?\\C:\\',
  '//',
  '*',
  '?',
];

describe('T18, T21: naughty strings', () => {
  it('T18, T21: in every field, never break an answer, a header or a log record', async () => {
    const { api, bucket, client } = await start();
    const s3_url = await bucket.presign('0001/a.jpg');
    for (const naughty of NAUGHTY) {
      const encoded = encodeURIComponent(naughty.replaceAll('\uD800', '\uFFFD'));
      const answers = await Promise.all([
        client.send('GET', `/image?path=${encoded}`),
        client.send('GET', `/image?url=${encoded}`),
        client.send('GET', `/image?url=${encodeURIComponent(s3_url)}&actor_id=${encoded}`),
        client.send('GET', `/exists?url=${encoded}`),
        client.send('GET', `/manifest?actor_id=${encoded}`),
        client.send('POST', `/clear/${encoded}`),
        client.json('/lookup', JSON.stringify({ urls: [naughty || 'x', s3_url] })),
        client.json('/invalidate', JSON.stringify({ s3_url: naughty })),
        client.json('/prefetch', JSON.stringify({ actor_id: naughty, images: [] })),
        client.json('/prefetch', JSON.stringify({ actor_id: '0001', images: [{ s3_url, filename: naughty }] })),
        client.json('/prefetch', JSON.stringify({ actor_id: '0001', images: [{ s3_url: naughty || 'x' }] })),
        client.json('/prefetch', JSON.stringify({ actor_id: '0001', images: [], priority: naughty })),
      ]);
      for (const { status, headers } of answers) {
        expect(status, JSON.stringify(naughty)).toBeLessThan(500);
        expect(headers['set-cookie']).toBeUndefined();
      }
      expect(answers[6]?.status, JSON.stringify(naughty)).toBe(200);
    }
    expect(({} as Record<string, unknown>)['path']).toBeUndefined();
    await expectUnharmed(api);
  }, 20_000);
});

/** After Nicolas Seriot's “Parsing JSON is a Minefield”; each stands for a rule of RFC 8259. */
const NOT_JSON = [
  '{',
  '}',
  '[',
  ']',
  '[1,]',
  '[,1]',
  '[1,,2]',
  '{"a":1,}',
  '{,}',
  '{"a"}',
  '{"a":}',
  '{a:1}',
  "{'a':1}",
  '[01]',
  '[+1]',
  '[.5]',
  '[1.]',
  '[1e]',
  '[0x1]',
  '[NaN]',
  '[Infinity]',
  '[-]',
  '["\t"]',
  '["\n"]',
  '["\\x"]',
  '["\\u12"]',
  '["',
  '"',
  'nul',
  'True',
  '// c\n{}',
  '/**/{}',
  '{}{}',
  '[] x',
  '{"a":1 "b":2}',
  '\u00A0{}',
  '\v{}',
  '["a\0b"]',
  '\0',
  'undefined',
  '<xml/>',
  'a=b',
  '[1 2]',
  '{"a":1]',
  '[1}',
  '{"a" 1}',
  '[--1]',
  '[1e+]',
];
const JSON_BUT_WRONG = [
  'null',
  'true',
  '1',
  '""',
  '"text"',
  '[]',
  '{}',
  '[[]]',
  '{"images":[]}',
  '{"actor_id":"a"}',
  '{"actor_id":"a","images":{}}',
  '{"actor_id":"a","images":[1]}',
  '{"actor_id":"a","images":[null]}',
  '{"actor_id":["a"],"images":[]}',
  '{"actor_id":{},"images":[]}',
  '-0',
  '1e400',
  '{"__proto__":{"actor_id":"a","images":[]}}',
];
const JSON_AND_RIGHT = [
  '{"actor_id":"a","images":[]}',
  ' \t\r\n{"actor_id":"\\u0061","images":[ ]} \n',
  '{"actor_id":"b","actor_id":"a","images":[]}',
  '{"actor_id":"\\ud83d\\ude00","images":[]}',
  '{"actor_id":"a","images":[],"priority":"high"}',
  '{"actor_id":"a","images":[],"__proto__":null}',
];

describe('T20: bodies', () => {
  it('T20: tells what is no JSON, what is not the right one, and what is', async () => {
    const { api, client } = await start();
    const outcome = async (body: string | Buffer) => {
      const { status, text } = await client.json('/prefetch', body);
      return `${status} ${(JSON.parse(text) as { code?: string }).code ?? ''}`.trim();
    };
    for (const body of NOT_JSON) expect(await outcome(body), body).toBe('400 INVALID_JSON');
    for (const body of JSON_BUT_WRONG) expect(await outcome(body), body).toMatch(/^400 INVALID_(?:BODY|ACTOR_ID|URL)$/);
    for (const body of JSON_AND_RIGHT) expect(await outcome(body), body).toBe('200');
    const broken = [
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
      [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
    ];
    for (const bytes of broken) expect(await outcome(Buffer.from(bytes))).toBe('400 INVALID_JSON');
    expect(await outcome('['.repeat(100_000))).toBe('400 INVALID_JSON');
    expect(await outcome('{"a":'.repeat(50_000))).toBe('400 INVALID_JSON');
    expect(await outcome(`"${'a'.repeat(1_000_000)}"`)).toBe('400 INVALID_BODY');
    await expectUnharmed(api);
  }, 20_000);

  it('T20: 500 presigned URLs in one body succeed, a million images do not fit', async () => {
    const { bucket, client } = await start();
    const images = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => ({
        s3_url: `${await bucket.presign('0001/a.jpg', n)}&pad=${'x'.repeat(1100)}`,
      })),
    );
    const body = JSON.stringify({ actor_id: '0001', images });
    expect(body.length).toBeGreaterThan(700_000);
    const { status, text } = await client.json('/prefetch', body);
    expect(status).toBe(200);
    expect((JSON.parse(text) as PrefetchAnswer).total).toBe(500);
    const million = `{"actor_id":"a","images":[${'{"s3_url":"s3://photos/a"},'.repeat(1_000_000)}0]}`;
    const tooLarge = await client.json('/prefetch', million).catch((error: NodeJS.ErrnoException) => error.code);
    expect(typeof tooLarge === 'object' ? tooLarge.status : tooLarge).toBeOneOf([413, 'EPIPE', 'ECONNRESET']);
  }, 20_000);
});

describe('T22: long strings', () => {
  it.each(['a', '/', '../', '%2e', '&', '?', '=', '\\', '"', ' ', '\u0000', '://', '@', 'X-Amz-Signature='])(
    'T22: 100 kB of %j cost less than 50 ms of CPU in any field',
    async (unit) => {
      const { client } = await start();
      const long = unit.repeat(Math.ceil(100_000 / unit.length));
      const bodies = [
        ['/invalidate', { s3_url: long }],
        ['/invalidate', { s3_url: `https://photos.s3.amazonaws.com/${long.slice(0, 16_000)}` }],
        ['/lookup', { urls: [long] }],
        ['/prefetch', { actor_id: long, images: [] }],
        ['/prefetch', { actor_id: 'a', images: [{ s3_url: long }] }],
        [
          '/prefetch',
          { actor_id: 'a', images: [{ s3_url: `s3://other/${long.slice(0, 16_000)}`, filename: long.slice(0, 1000) }] },
        ],
        ['/prefetch', { actor_id: 'a', images: [], priority: long }],
        ['/prefetch', { [long]: 1, actor_id: 'a', images: [] }],
      ] as const;
      const inQuery = long.slice(0, 12_000).replaceAll(/[^!#-[\]-~]/g, '%20');
      const sends = [
        ...bodies.map(
          ([path, body]) =>
            () =>
              client.json(path, JSON.stringify(body)),
        ),
        ...['/image?path=', '/image?url=', '/exists?url=https://', '/manifest?actor_id=', '/'].map(
          (path) => () => client.send('GET', path + inQuery),
        ),
        () => client.send('POST', `/clear/${inQuery}`),
      ];
      for (const [number, send] of sends.entries()) {
        await send(); // compiled by now
        const before = process.cpuUsage();
        const { status } = await send();
        const { user, system } = process.cpuUsage(before);
        expect(status, String(number)).toBeLessThan(500);
        expect((user + system) / 1000, `request ${number}`).toBeLessThan(50);
      }
    },
    20_000,
  );
});
