import { expect } from 'vitest';
import { imagePath } from '../helpers/stack.ts';
import { describeEveryMode, eachOf } from './everyMode.ts';
import { MODES } from './modes.ts';
import { hosts, isOwn, origins } from './hosts.ts';

const codeOf = (text: string) => (JSON.parse(text) as { code: string }).code;

/** Pages that are not ours, as their requests look. `localhost:9999` is same-site: ports do not count there. */
const FOREIGN: Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: '' },
  { origin: 'http://[' },
  { origin: 'http://localhost:9999' },
  { origin: 'http://localhost:5173.evil.example' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-origin' },
  { 'sec-fetch-site': 'SAME-ORIGIN' },
  { 'sec-fetch-site': 'same-origin, none' },
  { 'sec-fetch-site': '' },
];

const CHANGES = ['/clear-all', '/clear/0001', '/invalidate', '/prefetch', '/pin', '/verify'];

/** What a page may send without a preflight, and what it may not. */
const BODIES: [type: string | undefined, body: string | undefined][] = [
  [undefined, undefined],
  ['text/plain', '{}'],
  ['application/json', '{"actor_id":"0001","images":[]}'],
];

describeEveryMode((add, mode) => {
  add('T1, T2', 'no page of another origin changes anything, with any body', async (server) => {
    for (const path of CHANGES) {
      for (const headers of FOREIGN) {
        for (const [type, body] of BODIES) {
          const sent = { ...headers, ...(type !== undefined && { 'content-type': type }) };
          const { status, text } = await server.send('POST', path, sent, body);
          expect([status, codeOf(text)], `${path} ${JSON.stringify(sent)}`).toEqual([403, 'FORBIDDEN_ORIGIN']);
        }
      }
    }
    expect(Object.keys((await server.manifest()).entries)).toHaveLength(1);
  });

  add('T2', 'an origin is ours only when it is spelled exactly as ours', async (server) => {
    const own = `localhost:${server.port}`;
    for (const origin of origins(server, 120)) {
      const { status } = await server.send('POST', '/clear/nobody', { Host: own, origin });
      // A plain socket may have TLS ended in a proxy before it, so there both schemes are ours.
      const ours = origin === `https://${own}` || (mode.scheme === 'http' && origin === `http://${own}`);
      expect(status, origin).toBe(ours ? 200 : 403);
    }
  });

  add('T1', 'no spelling of the base URL leads around the guard', async (server) => {
    const { baseUrl } = mode;
    const spellings = [
      baseUrl.toUpperCase(),
      `/${baseUrl}`,
      `${baseUrl}/`,
      `/x/..${baseUrl}`,
      baseUrl.replace('cache', '%63ache'),
      baseUrl.replace('/cache', '//cache'),
      baseUrl.replace('/cache', '%2fcache'),
      baseUrl.replace('/cache', '/./cache'),
      `${baseUrl};x`,
    ];
    for (const spelling of spellings) {
      for (const headers of FOREIGN.slice(0, 2)) await server.ask('POST', `${spelling}/clear-all`, headers);
    }
    expect(Object.keys((await server.manifest()).entries)).toHaveLength(1);
  });

  add('T3', 'our own page and curl change what they like, also without a body', async (server) => {
    const own = `${mode.scheme}://localhost:${server.port}`;
    for (const headers of [{}, { 'sec-fetch-site': 'same-origin', origin: own }, { 'sec-fetch-site': 'none' }]) {
      const { status, text } = await server.send('POST', '/clear-all', {
        Host: `localhost:${server.port}`,
        ...headers,
      });
      expect([status, text]).toEqual([200, expect.stringContaining('"cleared":1')]);
      await server.prefetch(server.picture.url);
    }
  });

  add('T4', 'answers to localhost and to addresses, and to no other host', async (server) => {
    // As a page asks: without a browser's headers, another machine's address is refused as well (S8).
    const page = 'Sec-Fetch-Site: same-origin';
    const request = (lines: string[], version = '1.1') =>
      server.socket(
        [`GET ${mode.baseUrl}/exists?path=a HTTP/${version}`, page, ...lines, 'Connection: close', '', ''].join('\r\n'),
      );
    const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
    await eachOf(hosts(150), async (host) => {
      const answer = await request([`Host: ${host}`]);
      // Vite takes a host by the letter, so only the API is asked about other spellings of ours.
      if (isOwn(host) && mode.hostCheckedBy === 'vite' && host !== new URL(`http://${host}`).host) return;
      if (isOwn(host)) return expect(statusOf(answer), host).toBe(200);
      expect(statusOf(answer), host).toBeOneOf([400, 403]);
      if (mode.hostCheckedBy === 'api') expect(answer, host).toMatch(/"code":"(?:FORBIDDEN|INVALID)_HOST"/);
    });
    expect(statusOf(await request(['Host: localhost', 'Host: evil.example']))).toBe(400);
    expect(statusOf(await request(['Host: evil.example', 'Host: localhost']))).toBeOneOf([400, 403]);
    expect(statusOf(await request([]))).toBeOneOf([400, 403]);
    expect(statusOf(await request([], '1.0'))).toBeOneOf([400, 403]);
    const foreign = await server.send('GET', '/exists?path=a', { Host: 'localhost', origin: 'http://[' });
    expect(foreign.status).toBe(403);
  });

  if (mode.serves !== 'nothing') {
    add('S8', 'what a tunnel or a proxy hands on is not this machine’s, whatever it says it is', async (server) => {
      const image = imagePath(server.picture.entry.local_path);
      const forwarded: Record<string, string>[] = [
        { Host: '192.168.0.2:5173' },
        { 'x-forwarded-for': '127.0.0.1' },
        { 'x-forwarded-host': 'localhost' },
        { forwarded: 'for=127.0.0.1' },
        { via: '1.1 tunnel' },
      ];
      const page = { 'sec-fetch-site': 'same-origin' };
      for (const headers of forwarded) {
        const bare = await server.send('GET', image, headers);
        expect([bare.status, codeOf(bare.text)], JSON.stringify(headers)).toEqual([403, 'FORBIDDEN_ORIGIN']);
        expect((await server.send('GET', image, { ...headers, ...page })).status).toBe(200);
        for (const path of ['/clear-all', '/clear/0001', '/verify', '/pin']) {
          const { status, text } = await server.send('POST', path, { ...headers, ...page });
          expect([status, codeOf(text)], path).toEqual([403, 'MANAGEMENT_CLOSED']);
        }
        for (const path of ['/manifest', '/stats']) {
          const { status, text } = await server.send('GET', path, { ...headers, ...page });
          expect([status, codeOf(text)], path).toEqual([403, 'MANAGEMENT_CLOSED']);
        }
      }
      expect((await server.send('GET', image, { Host: `localhost:${server.port}` })).status).toBe(200);
    });
  }

  if (mode.scheme === 'https') {
    add('T4', 'over HTTP/2 the authority is the host', async (server) => {
      // nghttp2 itself ends the stream of a malformed one (`a@localhost`).
      for (const authority of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', 'localhost.']) {
        const { status, text } = await server.send('GET', '/stats', { Host: authority });
        expect([status, codeOf(text)], authority).toEqual([403, 'FORBIDDEN_HOST']);
      }
    });
  }

  add('T5', 'gives no other origin leave to read', async (server) => {
    for (const origin of ['https://evil.example', 'http://localhost:9999', 'null']) {
      const preflight = { origin, 'access-control-request-method': 'POST' };
      const { headers } = await server.send('OPTIONS', '/clear-all', preflight);
      // Vite answers a preflight itself, before any plugin: every localhost may ask there. It may still not do it (T1).
      const answeredByVite = mode.serves !== 'nothing' && origin === 'http://localhost:9999';
      if (!answeredByVite) expect(headers['access-control-allow-origin'], origin).toBeUndefined();
      const read = await server.send('GET', '/manifest', { origin });
      expect([read.status, codeOf(read.text)], origin).toEqual([403, 'FORBIDDEN_ORIGIN']);
      expect(read.headers['access-control-allow-origin'], origin).toBeUndefined();
    }
  });

  add('T6', 'a body is JSON in UTF-8, or 415', async (server) => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json;charset=utf-7',
      'application/json, text/plain',
      'application/json; charset=utf-8; charset=utf-7',
      'application/jsonx',
      'text/json',
      '',
    ];
    for (const path of CHANGES) {
      for (const type of [undefined, ...types]) {
        const headers = type === undefined ? {} : { 'content-type': type };
        const { status, text } = await server.send('POST', path, headers, '{}');
        expect([status, codeOf(text)], `${path} ${type}`).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
      }
    }
  });

  add('T7', 'another site’s page is sent no image, whatever it wants it for', async (server) => {
    for (const path of [imagePath(server.picture.entry.local_path), '/manifest', '/stats']) {
      for (const destination of ['image', 'script', 'iframe', 'style', 'font', 'empty', 'object']) {
        for (const site of ['cross-site', 'same-site']) {
          const headers = { 'sec-fetch-site': site, 'sec-fetch-dest': destination, 'sec-fetch-mode': 'no-cors' };
          const { status, text } = await server.send('GET', path, headers);
          expect([status, codeOf(text)], `${path} ${destination}`).toEqual([403, 'FORBIDDEN_ORIGIN']);
        }
      }
    }
  });

  add('T7', 'every answer keeps itself from other origins, whatever the server around it says', async (server) => {
    const own = { Host: `localhost:${server.port}`, origin: `${mode.scheme}://localhost:${server.port}` };
    for (const path of [imagePath(server.picture.entry.local_path), '/manifest', '/stats', '/nothing', '/image']) {
      for (const headers of [{}, own]) {
        const answer = await server.send('GET', path, headers);
        expect(answer.headers['cross-origin-resource-policy'], path).toBe('same-origin');
        expect(answer.headers['access-control-allow-origin'], path).toBeUndefined();
        expect(answer.headers['x-content-type-options'], path).toBe('nosniff');
      }
    }
  });
});

describeEveryMode(
  (add) => {
    add('T5, T7', 'Vite’s own CORS, however wide, allows no other origin to read the API', async (server) => {
      const image = await server.send('GET', imagePath(server.picture.entry.local_path));
      expect(image.status).toBe(200);
      expect(image.headers['access-control-allow-origin']).toBeUndefined();
      expect(image.headers['cross-origin-resource-policy']).toBe('same-origin');
      const read = await server.send('GET', '/manifest', { origin: 'https://evil.example' });
      expect([read.status, read.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    });
  },
  {
    modes: MODES.filter(({ serves }) => serves !== 'nothing'), // `server.cors` is Vite's
    config: { server: { cors: true }, preview: { cors: true } },
  },
);
