import { expect } from 'vitest';
import type { PrefetchAnswer } from '../../plugin/protocol.ts';
import { type TestServer, jsonOf } from './testServer.ts';
import { describeEveryMode } from './everyMode.ts';
import { JSON_AND_RIGHT, JSON_BUT_WRONG, NOT_JSON, NOT_UTF8 } from './jsonTexts.ts';
import { type Random, seededRandom } from './random.ts';

describeEveryMode((add, mode) => {
  add('T20', 'tells what is no JSON, what is not the right one, and what is', async (server) => {
    const outcome = async (body: string | Buffer) => {
      const response = await server.json('/prefetch', body);
      return `${response.status} ${(jsonOf(response) as { code?: string }).code ?? ''}`.trim();
    };
    for (const body of [...NOT_JSON, ...NOT_UTF8]) expect(await outcome(body), String(body)).toBe('400 INVALID_JSON');
    for (const body of JSON_BUT_WRONG) expect(await outcome(body), body).toMatch(/^400 INVALID_(?:BODY|ACTOR_ID|URL)$/);
    for (const body of JSON_AND_RIGHT) expect(await outcome(body), body).toBe('200');
    for (const body of mutatedJson(seededRandom(20), 150)) {
      expect(await outcome(body), body).toMatch(
        isJson(body) ? /^200$|^400 INVALID_(?:BODY|ACTOR_ID|URL|FILENAME)$/ : /^400 INVALID_JSON$/,
      );
    }
    expect(await outcome('['.repeat(100_000))).toBe('400 INVALID_JSON');
    expect(await outcome('{"a":'.repeat(50_000))).toBe('400 INVALID_JSON');
    for (const depth of [33, 50_000]) {
      expect(await outcome('['.repeat(depth) + ']'.repeat(depth))).toBe('400 INVALID_JSON');
    }
    expect(await outcome(`"${'a'.repeat(1_000_000)}"`)).toBe('400 INVALID_BODY');
  });

  add('T20', '500 presigned URLs in one body succeed, a million images do not fit', async (server) => {
    const url = server.picture.url;
    const images = Array.from({ length: 500 }, (_, n) => ({
      s3_url: `${url}&X-Amz-Security-Token=${n}${'x'.repeat(1100)}`,
    }));
    const body = JSON.stringify({ actor_id: '0001', images });
    expect(body.length).toBeGreaterThan(700_000);
    const response = await server.json('/prefetch', body);
    expect([response.status, (jsonOf(response) as PrefetchAnswer).cached]).toEqual([200, 500]);
    const million = `{"actor_id":"a","images":[${'{"s3_url":"s3://photos/a"},'.repeat(1_000_000)}0]}`;
    // The server may refuse before it has read it all, and a client that still writes then sees a closed connection.
    const tooLarge = await server.json('/prefetch', million).then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(tooLarge).toBeOneOf([413, 'EPIPE', 'ECONNRESET', 'ERR_HTTP2_STREAM_ERROR']);
  });

  add('T22', '100 kB of the same cost less than 50 ms of CPU in any field', async (server) => {
    const units = ['a', '/', '../', '%2e', '&', '?', '=', '\\', '"', ' ', '\u0000', '://', '@', 'X-Amz-Signature='];
    // The whole table in one mode: what is around the API has no part in it but for the length of a URL.
    for (const unit of mode.serves === 'nothing' ? units : ['a', '../', 'X-Amz-Signature=']) {
      const long = unit.repeat(Math.ceil(100_000 / unit.length));
      for (const [number, send] of longRequests(server, long).entries()) {
        const costs: number[] = [];
        for (let time = 0; time < 4 && !costs.some((cost) => cost < 50); time += 1) {
          const before = process.cpuUsage();
          expect((await send()).status, `${unit} ${number}`).toBeLessThan(500);
          const { user, system } = process.cpuUsage(before);
          if (time > 0) costs.push((user + system) / 1000); // compiled by then
        }
        expect(Math.min(...costs), `${unit} ${number}`).toBeLessThan(50);
      }
    }
  });
});

function longRequests(server: TestServer, long: string): (() => ReturnType<TestServer['send']>)[] {
  const key = long.slice(0, 16_000);
  const inQuery = long.slice(0, 12_000).replaceAll(/[^!#-[\]-~]/g, '%20');
  const bodies: [string, unknown][] = [
    ['/invalidate', { s3_url: long }],
    ['/invalidate', { s3_url: `https://team-photos.s3.amazonaws.com/${key}` }],
    ['/lookup', { urls: [long] }],
    ['/prefetch', { actor_id: long, images: [] }],
    ['/prefetch', { actor_id: 'a', images: [{ s3_url: long }] }],
    ['/prefetch', { actor_id: 'a', images: [{ s3_url: `s3://other/${key}`, filename: long.slice(0, 1000) }] }],
    ['/prefetch', { actor_id: 'a', images: [], priority: long }],
    ['/prefetch', { [long]: 1, actor_id: 'a', images: [] }],
  ];
  const targets = ['/image?path=', '/image?url=', '/exists?url=https://', '/manifest?actor_id=', '/'];
  return [
    ...bodies.map(
      ([path, body]) =>
        () =>
          server.json(path, body),
    ),
    ...targets.map((target) => () => server.send('GET', target + inQuery)),
    () => server.send('POST', `/clear/${inQuery}`),
  ];
}

/** A right body with one to three characters taken away, put in, or doubled. */
function* mutatedJson({ integer, pick }: Random, count: number): Generator<string> {
  for (let n = 0; n < count; n += 1) {
    let text = '{"actor_id":"a","images":[],"priority":"high"}';
    for (let change = integer(3); change >= 0; change -= 1) {
      const at = integer(text.length);
      const inserted = pick([
        '',
        '',
        '"',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '\\',
        '\u0000',
        '1',
        'e',
        '-',
        ' ',
        '\n',
        '\\u',
        '/',
      ]);
      text = text.slice(0, at) + inserted + text.slice(at + integer(2));
    }
    yield text;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
