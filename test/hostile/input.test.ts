import { stat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ErrorCode } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { answer, errorXml } from '../helpers/rawUpstream.ts';
import { imageUrl } from '../helpers/stack.ts';
import { type TestServer, jsonOf } from './testServer.ts';
import { describeEveryMode, eachOf } from './everyMode.ts';
import { NAUGHTY } from './naughtyStrings.ts';
import { type Random, seededRandom } from './random.ts';

/** Every request that has a field for a text, with that text in it. */
function requestsWith(server: TestServer, text: string): (() => ReturnType<TestServer['send']>)[] {
  const { url } = server.picture;
  const encoded = encodeURIComponent(text.replaceAll(/\p{Cs}/gu, '\ufffd'));
  return [
    () => server.send('GET', `/image?path=${encoded}`),
    () => server.send('GET', `/image?url=${encoded}`),
    () => server.send('GET', `${imageUrl(url)}&actor_id=${encoded}`),
    () => server.send('GET', `/exists?path=${encoded}`),
    () => server.send('GET', `/exists?url=${encoded}`),
    () => server.send('GET', `/manifest?actor_id=${encoded}`),
    () => server.send('GET', `/${encoded}`),
    () => server.send('POST', `/clear/${encoded}`),
    () => server.json('/lookup', { urls: [text, url] }),
    () => server.json('/invalidate', { s3_url: text }),
    () => server.json('/pin', { s3_url: text }),
    () => server.json('/pin', { actor_id: text, pinned: false }),
    () => server.json('/prefetch', { actor_id: text, images: [] }),
    () => server.json('/prefetch', { actor_id: '0001', images: [{ s3_url: url, filename: text }] }),
    () => server.json('/prefetch', { actor_id: '0001', images: [{ s3_url: text }] }),
    () => server.json('/prefetch', { actor_id: '0001', images: [], priority: text }),
    () => server.json('/prefetch', { actor_id: '0001', images: [], [text]: text }),
  ];
}

describeEveryMode((add) => {
  add('T17', 'names of `Object.prototype` and wrong types are refused by the field’s code', async (server) => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', '', '.', '..', 'a/b', 'a\\b'];
    const wrong: unknown[] = [7, null, true, {}, [], ['a'], [['a']], { toString: 'a' }];
    for (const value of [...names, ...wrong]) {
      const label = JSON.stringify(value);
      const code = async (path: string, body: unknown) =>
        (jsonOf(await server.json(path, body)) as { code: ErrorCode }).code;
      expect(await code('/prefetch', { actor_id: value, images: [] }), label).toBe('INVALID_ACTOR_ID');
      expect(await code('/pin', { actor_id: value }), label).toBe('INVALID_ACTOR_ID');
      expect(await code('/invalidate', { s3_url: value }), label).toBe('INVALID_URL');
      if (typeof value === 'string') continue; // a filename may be any of them
      const images = [{ s3_url: server.picture.url, filename: value }];
      expect(await code('/prefetch', { actor_id: '0001', images }), label).toBe('INVALID_FILENAME');
      expect(await code('/lookup', { urls: [value] }), label).toBe('INVALID_URL');
    }
    const polluting = '{"urls":[],"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    await server.json('/lookup', polluting);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  add('T18, T21', 'naughty strings in any field break no answer, no header and no log record', async (server) => {
    for (const naughty of [...NAUGHTY, ...randomTexts(seededRandom(21), 40)]) {
      await eachOf(requestsWith(server, naughty), async (send) => {
        const { status, headers } = await send();
        expect(status, JSON.stringify(naughty)).toBeLessThan(500);
        expect(headers['set-cookie'], JSON.stringify(naughty)).toBeUndefined();
      });
    }
  });

  add('T18', 'nor do naughty headers of an origin', async (server) => {
    const values = ['"a\tb"', '"\u00ff\u0080"', 'x'.repeat(7000), '"\u001b[31m"', 'a, b', '<script>', '"CANARY1"'];
    for (const [n, value] of values.entries()) {
      const headers = { ETag: value, 'Content-Type': value, 'Last-Modified': value, 'Content-Disposition': value };
      server.upstream.reply = answer(200, headers, await jpeg(50 + n));
      // A canary stands for whatever an origin might echo of a signed URL; an ETag is the origin's word, and is kept.
      if (value.includes('CANARY')) server.upstream.reply = answer(403, headers, errorXml('AccessDenied', value));
      const image = await server.send('GET', imageUrl(`s3://raw/naughty-${n}.jpg`));
      expect(image.status, value).toBeOneOf([200, 403, 502]);
      if (image.status === 200) expect(image.headers['content-type']).toBe('image/jpeg');
    }
  });

  add('T19', 'no signature is seen again, however its request ends', async (server) => {
    const secrets = 'X-Amz-Signature=CANARY1&X-Amz-Security-Token=CANARY2&X-Amz-Credential=CANARY3';
    const { origin } = server.upstream;
    const asked = [
      `${server.bucket.option.endpoint}/photos/0001/a.jpg?${secrets}`,
      `${server.bucket.option.endpoint}/photos/none.jpg?${secrets}`,
      `https://evil.example/?${secrets}`,
      `ftp://x/?${secrets}`,
      `https://x\\y?${secrets}`,
      `https://user:CANARY1@team-photos.s3.amazonaws.com/x?${secrets}`,
      `not a url ${secrets}`,
    ];
    const replies = [
      answer(403, {}, errorXml('SignatureDoesNotMatch', secrets, `<StringToSign>CANARY1</StringToSign>`)),
      answer(403, {}, errorXml('AccessDenied', 'Request has expired')),
      answer(301, { Location: `https://evil.example/?${secrets}` }),
      answer(200, {}, `<html>${secrets}`),
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'),
      Buffer.from('nonsense\r\n\r\n'),
      Buffer.alloc(0),
    ];
    const urls = asked.map((url): [string, Buffer] => [url, Buffer.alloc(0)]);
    urls.push(...replies.map((reply, n): [string, Buffer] => [`${origin}/raw/${n}.jpg?${secrets}`, reply]));
    for (const [url, reply] of urls) {
      server.upstream.reply = reply;
      await server.send('GET', imageUrl(url));
      await server.send('GET', `/image?url=${url.replaceAll(' ', '%20').replaceAll('\\', '%5c')}`); // not encoded: spills over
      await server.prefetch(url);
      for (const path of ['/invalidate', '/pin']) await server.json(path, { s3_url: `${url}&x=\\` });
      await server.json('/prefetch', `{"actor_id":"a","images":[{"s3_url":"${url}"`);
      await server.json('/prefetch', { actor_id: `${url}/`, images: [] }); // no slash may be in one, so this is no actor's id
      await server.send('GET', `/exists?path=${encodeURIComponent(url)}`);
    }
    // `expectUnharmed` has looked at each answer, and looks at the log and the files.
    expect(server.log.join('\n')).toContain('MISS');
  });

  add('T19', 'files are their owner’s alone', async (server) => {
    expect((await stat(server.cacheDir)).mode & 0o777).toBe(0o700);
    const entries = await readdir(server.cacheDir, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const mode = await stat(path).then(
        (stats) => stats.mode & 0o777,
        () => 0o600,
      ); // gone meanwhile
      expect(mode, path).toBe(0o600);
    }
  });

  add(
    'T24',
    'one object is one entry, however signed or spelled; other keys and versions are others',
    async (server) => {
      const { endpoint } = server.bucket.option;
      const same = [
        await server.bucket.presign('0001/a.jpg', 5),
        `${endpoint}/photos/0001/a.jpg`,
        `${endpoint}/photos/0001/%61.jpg`,
        `${endpoint.replace('http', 'HTTP')}/photos/0001/a.jpg`,
        's3://photos/0001/a.jpg',
      ];
      for (const url of same) expect((await server.send('GET', imageUrl(url))).headers['x-cache'], url).toBe('HIT');
      const keys = [
        'key',
        '/key',
        'a/key',
        'a//key',
        'KEY',
        'k%2Fey',
        'k/ey',
        '\u00e4',
        'a\u0308',
        'key+',
        'key ',
        'key%20',
      ];
      const paths = new Set<string>();
      for (const [n, key] of keys.entries()) {
        server.bucket.server.put('photos', `twins/${key}`, await jpeg(300 + n));
        const result = await server.prefetch(await server.bucket.presign(`twins/${key}`));
        if (result.status === 'failed') throw new Error(`${key}: ${result.error.code} ${result.error.detail}`);
        paths.add(result.entry.local_path);
      }
      expect(paths.size).toBe(keys.length);
      const versions = [1, 2].map((version) => `s3://photos/0001/a.jpg?versionId=${version}`);
      const { text } = await server.json('/lookup', { urls: [...versions, 's3://photos/0001/a.jpg'] });
      expect(text.match(/:null/g)).toHaveLength(2);
    },
  );
});

/** Characters from all of Unicode, more often those that have a special meaning somewhere. */
function* randomTexts({ integer, pick, character }: Random, count: number): Generator<string> {
  const special = '\0\r\n\t\u001b\u0085\u2028\ufeff\u202e\ufffd%/\\?#&=+@:;"\'<>{}[]$`|~.* ';
  for (let n = 0; n < count; n += 1) {
    const length = 1 + integer(24);
    const characters = Array.from({ length }, () =>
      integer(2) === 0
        ? character(special)
        : String.fromCodePoint(pick([integer(0x80), integer(0xd800), 0x1f300 + integer(500)])),
    );
    yield characters.join('');
  }
}
