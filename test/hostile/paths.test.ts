import { expect } from 'vitest';
import type { PrefetchAnswer } from '../../plugin/protocol.ts';
import { imageUrl } from '../helpers/stack.ts';
import { describeEveryMode, eachOf } from './everyMode.ts';
import { seededRandom } from './random.ts';
import { traversals, unescapeBytes } from './traversals.ts';

/** What stands around the API has no part in how a path is read, so every spelling is tried in one mode, and a sample in the others. */
const STRIDE = { nothing: 1, sources: 97, build: 97 } as const;

describeEveryMode((add, mode) => {
  const stride = STRIDE[mode.serves];

  add('T9', 'no spelling of `..` leads anywhere as the path of an image', async (server) => {
    await eachOf(traversals(stride), async (path) => {
      const { status, text } = await server.send('GET', `/image?path=${path}`);
      expect(`${status} ${text}`, path).toMatch(/^40[04] .*"code":"(?:INVALID_PATH|NOT_CACHED)"/);
    });
  });

  add('T9', 'nor in a question, nor as an actor id', async (server) => {
    await eachOf(traversals(stride * 7), async (path) => {
      const exists = await server.send('GET', `/exists?path=${path}`);
      expect(`${exists.status} ${exists.text}`, path).toMatch(/^200 {"exists":false}|^400 /);
      const cleared = await server.send('POST', `/clear/${path}`);
      expect(`${cleared.status} ${cleared.text}`, path).toMatch(/^200 {"cleared":0|^40[045] /);
      const listed = await server.send('GET', `/manifest?actor_id=${path}`);
      expect(`${listed.status} ${listed.text}`, path).toMatch(/^200 [^]*"entries": ?{\s*}|^400 /);
    });
  });

  add('T9', 'nor by what chance makes of it', async (server) => {
    await eachOf(mutations(server.picture.entry.local_path, 400), async (path) => {
      const { status, text } = await server.send('GET', `/image?path=${path}`);
      const isImage = text.startsWith(server.picture.bytes.toString('latin1', 0, 64));
      expect(isImage ? 200 : status, path).toBeOneOf([200, 400, 404]);
      // The path of the entry, in full or without the directory's name, however encoded; and nothing else.
      if (status === 200) {
        expect(isImage).toBe(true);
        expect(['', '.image-cache/'].map((start) => start + decodeURIComponent(path))).toContain(
          server.picture.entry.local_path,
        );
      }
    });
  });

  add('T9, T12', 'a filename is a name for people and leads nowhere', async (server) => {
    const filenames = [...traversals(101)].map(unescapeBytes).filter((filename) => !filename.includes('\0'));
    const images = filenames.map((filename) => ({ s3_url: server.picture.url, filename }));
    const { status, text } = await server.json('/prefetch', { actor_id: '0001', images });
    expect([status, (JSON.parse(text) as PrefetchAnswer).failed]).toEqual([200, 0]);
    for (const filename of ['a\0', '\0', 'a'.repeat(1025)]) {
      const refused = await server.json('/prefetch', {
        actor_id: '0001',
        images: [{ s3_url: server.picture.url, filename }],
      });
      expect(`${refused.status} ${refused.text}`).toMatch(/^400 .*INVALID_FILENAME/);
    }
  });

  add('T10', 'nothing but an entry is an image', async (server) => {
    const own = server.picture.entry.local_path;
    const none = [
      '.image-cache-evil/x.png',
      '../canary.png',
      'canary.png',
      '/etc/passwd',
      'C:%5cx',
      '%5c%5chost%5cs',
      '//host/s',
      'images',
      'images/',
      'images/0001',
      '.image-cache',
      '.image-cache/',
      '.image-cache/manifest.json',
      '.image-cache/journal/0000000001.log',
      '.image-cache/journal/compact.lock',
      '.image-cache/tmp/1-x.part',
      '.image-cache/CACHE_ID',
      '.image-cache/.gitignore',
      '__proto__',
      'constructor',
      'toString',
      ...['/', '/.', '%5c', '%20', '.', '::$DATA', '/..', '%2500'].map((end) => own + end),
      ...['/', './', '%20', 'x/../', 'file://'].map((begin) => begin + own),
      own.toUpperCase(),
      own.replace('/images/', '//images/'),
      own.replace('/images/', '/./images/'),
      own.replace('/images/', '%5cimages%5c'),
    ];
    for (const path of none) {
      const { status, text } = await server.send('GET', `/image?path=${path}`);
      expect(`${status} ${text}`, path).toMatch(/^404 .*"NOT_CACHED"/);
    }
    const empty = await server.send('GET', '/image?path=');
    expect(`${empty.status} ${empty.text}`).toMatch(/^400 .*"INVALID_PATH"/);
  });

  add('T11', 'what breaks the rules on the wire is refused by its name', async (server) => {
    const { baseUrl } = mode;
    const request = (line: string) => `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const get = (target: string) => request(`GET ${target}`);
    const post = (headers: string) => `POST ${baseUrl}/clear-all HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n{}`;
    const cases: [what: string, bytes: string, statuses: number[]][] = [
      ['a fragment', get(`${baseUrl}/image#x`), [400]],
      ['a fragment in a query', get(`${baseUrl}/image?path=a#x`), [400]],
      ['the absolute form', get(`http://localhost${baseUrl}/manifest`), [400]],
      // A server that checks hosts first finds none of ours in it, and no server answers with anything of the cache.
      ['the absolute form of another host', get(`http://evil.example${baseUrl}/image?path=a`), [400]],
      ['the authority form', get('localhost:80'), [400, 404]],
      ['a broken escape', get(`${baseUrl}/image?path=%E0%A4%A`), [400]],
      ['a broken escape in a path', request(`POST ${baseUrl}/clear/%E0%A4%A`), [400]],
      ['a NUL', get(`${baseUrl}/image?path=%00`), [400]],
      ['a parameter twice', get(`${baseUrl}/image?path=a&path=b`), [400]],
      ['an array', get(`${baseUrl}/image?path[a]=b`), [400]],
      ['a prototype', get(`${baseUrl}/image?__proto__[path]=b`), [400]],
      ['a query of 64 kB', get(`${baseUrl}/image?path=${'a'.repeat(65_536)}`), [431]],
      ['headers of 64 kB', get(`${baseUrl}/stats`).replace('Host', `X: ${'a'.repeat(65_536)}\r\nHost`), [431]],
      ['GET for a POST', get(`${baseUrl}/clear-all`), [405]],
      ['PUT', request(`PUT ${baseUrl}/manifest`), [405]],
      ['DELETE', request(`DELETE ${baseUrl}/image?path=a`), [405]],
      ['TRACE', request(`TRACE ${baseUrl}/image?path=a`), [405]],
      ['an unknown path', get(`${baseUrl}/nothing`), [404]],
      ['an unknown path like a known one', get(`${baseUrl}/imagex?path=a`), [404]],
      ['the base URL itself', get(baseUrl), [404]],
      ['two lengths', post('Content-Length: 1\r\nContent-Length: 2'), [400]],
      ['a length and chunks', post('Content-Length: 2\r\nTransfer-Encoding: chunked'), [400]],
      ['a length that is none', post('Content-Length: +2'), [400]],
      ['a coding that is none', post('Transfer-Encoding: identity'), [400, 501]],
      ['a header on two lines', get(`${baseUrl}/stats`).replace('Host', 'X: a\r\n b\r\nHost'), [400]],
      ['a line break inside a line', get(`${baseUrl}/stats`).replace('\r\nHost', '\nHost'), [400]],
    ];
    for (const [what, bytes, statuses] of cases) {
      const answer = await server.socket(bytes);
      expect(Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]), `${what}: ${answer.slice(0, 300)}`).toBeOneOf(statuses);
      if (answer.startsWith('HTTP/1.1 405')) expect(answer, what).toMatch(/^Allow: /im);
      if (/^HTTP\/1\.1 40[45]/.test(answer) && what !== 'the authority form')
        expect(answer, what).toContain('application/problem+json');
    }
  });

  add('T16', 'ranges and conditions are answered to the byte', async (server) => {
    const { bytes, entry, url } = server.picture;
    const size = bytes.length;
    const etag = `"${entry.sha256}"`;
    const rows: [headers: Record<string, string>, status: number, from: number, to: number][] = [
      [{}, 200, 0, size],
      [{ range: 'bytes=0-0' }, 206, 0, 1],
      [{ range: 'bytes=0-' }, 206, 0, size],
      [{ range: 'bytes=-1' }, 206, size - 1, size],
      [{ range: `bytes=-${size * 2}` }, 206, 0, size],
      [{ range: `bytes=5-${size * 2}` }, 206, 5, size],
      [{ range: `bytes=${size}-` }, 416, 0, 0],
      [{ range: 'bytes=-0' }, 416, 0, 0],
      [{ range: 'bytes=5-2' }, 200, 0, size],
      [{ range: 'bytes=a-b' }, 200, 0, size],
      [{ range: 'items=0-1' }, 200, 0, size],
      [{ range: `bytes=${'0-1,'.repeat(999)}0-1` }, 200, 0, size],
      [{ 'if-none-match': etag }, 304, 0, 0],
      [{ 'if-none-match': `"x", W/${etag}` }, 304, 0, 0],
      [{ 'if-none-match': '*', range: 'bytes=0-0' }, 304, 0, 0],
      [{ 'if-none-match': '"x"' }, 200, 0, size],
      [{ 'if-range': etag, range: 'bytes=1-2' }, 206, 1, 3],
      [{ 'if-range': `W/${etag}`, range: 'bytes=1-2' }, 200, 0, size],
      [{ 'if-range': 'Sat, 01 Jan 2000 00:00:00 GMT', range: 'bytes=1-2' }, 200, 0, size],
    ];
    for (const target of [`/image?path=${entry.local_path}`, imageUrl(url)]) {
      for (const [headers, status, from, to] of rows) {
        const answer = await server.send('GET', target, headers);
        const label = `${target.slice(0, 12)} ${JSON.stringify(headers).slice(0, 60)}`;
        expect(answer.status, label).toBe(status);
        if (status === 416) expect(answer.headers['content-range'], label).toBe(`bytes */${size}`);
        else expect(answer.text === bytes.toString('latin1', from, to), label).toBe(true);
      }
      const head = await server.send('HEAD', target);
      expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(size)]);
    }
  });
});

/** The path of an entry with one to three changes to it. */
function* mutations(path: string, count: number): Generator<string> {
  const { integer, pick } = seededRandom(9);
  yield* [path, path.replace('.image-cache/', ''), encodeURIComponent(path)];
  for (let n = 0; n < count; n += 1) {
    let mutated = pick([path, path, path.replace('.image-cache/', ''), encodeURIComponent(path)]);
    for (let change = integer(3); change >= 0; change -= 1) {
      const at = integer(mutated.length + 1);
      const inserted = pick([
        '',
        '/',
        '.',
        '..',
        '%2e',
        '%2f',
        '%00',
        '%5c',
        '%25',
        'A',
        '0',
        '//',
        '/./',
        '/../',
        '%20',
        '%ff',
      ]);
      mutated = mutated.slice(0, at) + inserted + mutated.slice(at + integer(3));
    }
    yield mutated;
  }
}
