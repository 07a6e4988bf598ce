import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { createGuard } from '../../plugin/http/guard.ts';
import { requestFrom } from '../helpers/requestFrom.ts';
import { certificate } from './expressAppCertificate.ts';

const ALLOWED_ORIGIN = 'https://admin.example.com';
const guard = createGuard({ allowedOrigins: [ALLOWED_ORIGIN], allowedHosts: ['photos.example', '.example.com'] });

/** What the guard throws, as a code; `PASS` for nothing. */
function verdict(request: Parameters<typeof guard>[0], check = guard): string {
  try {
    check(request);
    return 'PASS';
  } catch (error) {
    return error instanceof ImageCacheError ? error.code : `CRASH ${String(error)}`;
  }
}

const server = http.createServer({ requireHostHeader: false }, (request, response) => response.end(verdict(request)));
const secureServer = http2.createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
  response.end(verdict(request));
});
let own = '';
let secureOwn = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  secureServer.listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(secureServer, 'listening')]);
  // An object and not a pipe's name, because the server listens on TCP.
  own = `localhost:${(server.address() as AddressInfo).port}`;
  secureOwn = `localhost:${(secureServer.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  secureServer.close();
});

/** Sends exactly these header lines, which no HTTP client would. */
async function raw(lines: readonly string[], method = 'GET', version = '1.1'): Promise<string> {
  const { port } = server.address() as AddressInfo; // As above.
  const socket = net.connect(port, '127.0.0.1');
  socket.end([`${method} / HTTP/${version}`, ...lines, 'Connection: close', '', ''].join('\r\n'));
  const answer = Buffer.concat(await socket.toArray()).toString();
  return (
    answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '') || answer.slice(0, 12)
  );
}

const send = (method: string, headers: Record<string, string>) =>
  raw(['Host: ' + own, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)], method);

async function sendHttp2(headers: http2.OutgoingHttpHeaders): Promise<string> {
  const session = http2.connect(`https://${secureOwn}`, { ca: certificate.cert });
  const body = Buffer.concat(await session.request({ ':method': 'POST', ...headers }, { endStream: true }).toArray());
  session.close();
  return body.toString();
}

describe('host', () => {
  const passing = [
    'localhost',
    'LOCALHOST:5173',
    'app.localhost:80',
    '127.0.0.1',
    '127.8.9.1:5173',
    '[::1]',
    '[::1]:5173',
  ];
  const passingToo = [
    '192.168.0.2:5173',
    '[2001:db8::1]',
    'photos.example',
    'Photos.Example:443',
    'example.com',
    'a.b.example.com',
  ];
  test.each([...passing, ...passingToo])('answers to %s', async (host) => {
    expect(await raw([`Host: ${host}`])).toBe('PASS');
  });

  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'evillocalhost',
    'evilexample.com',
    'sub.photos.example',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
  ])('T4: refuses %s', async (host) => {
    expect(await raw([`Host: ${host}`])).toBe('FORBIDDEN_HOST');
  });

  test.each([
    '',
    '[',
    '[::1',
    '[::1]x',
    '[::1%25lo]',
    '[127.0.0.1]',
    'a@localhost',
    'localhost, evil.example',
    'localhost/x',
    'localhost:80:80',
    'localhost:http',
    'localhost:123456',
    ':5173',
    '.localhost',
    'a..localhost',
    'localhost\\evil',
    'file://localhost',
  ])('T4: reports "%s" as malformed', async (host) => {
    expect(await raw([`Host: ${host}`])).toBe('INVALID_HOST');
  });

  test('T4: refuses two hosts, although Node shows only the first', async () => {
    expect(await raw([`Host: ${own}`, 'Host: evil.example'])).toBe('INVALID_HOST');
    expect(await raw([`Host: ${own}`, `host: ${own}`])).toBe('INVALID_HOST');
  });

  test('T4: refuses HTTP/1.0 without Host', async () => {
    expect(await raw([], 'GET', '1.0')).toBe('INVALID_HOST');
  });

  test('T4: also works with https, where HTTP/2 has :authority', async () => {
    expect(await sendHttp2({})).toBe('PASS');
    expect(await sendHttp2({ ':authority': 'evil.example' })).toBe('FORBIDDEN_HOST');
    expect(await sendHttp2({ ':authority': secureOwn, host: secureOwn })).toBe('PASS');
    expect(await sendHttp2({ ':authority': secureOwn, host: 'evil.example' })).toBe('INVALID_HOST');
    expect(await sendHttp2({ host: 'evil.example' })).toBe('FORBIDDEN_HOST');
  });

  test('allows every well-formed name if the option is true', () => {
    const open = createGuard({ allowedOrigins: [], allowedHosts: true });
    expect(verdict(requestFrom('127.0.0.1', { Host: 'any.example' }), open)).toBe('PASS');
    expect(verdict(requestFrom('127.0.0.1', { Host: 'a@any.example' }), open)).toBe('INVALID_HOST');
  });

  test('names the option that would allow it', () => {
    expect(() => guard(requestFrom('127.0.0.1', { Host: 'box.lan' }))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("'box.lan' to the option `allowedHosts`") }),
    );
  });
});

describe('origin', () => {
  test.each(['GET', 'POST', 'OPTIONS'])('T1: refuses %s from the page of another site', async (method) => {
    expect(await send(method, { Origin: 'https://evil.example' })).toBe('FORBIDDEN_ORIGIN');
  });

  test.each([
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': '' },
    { 'Sec-Fetch-Site': 'Same-Origin' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'script' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'iframe' },
    { Origin: 'null' },
    { Origin: '' },
    { Origin: 'http://[' },
    { Origin: 'http://localhost:9999' },
    { Origin: 'http://localhost:5173.evil.example' },
    { Origin: 'http://localhost' },
    { Origin: 'file://' },
    { Origin: 'chrome-extension://abcdefghijklmnop' },
    { Origin: `${ALLOWED_ORIGIN}.evil.example` },
    { Origin: `${ALLOWED_ORIGIN}, https://evil.example` },
  ])('T2, T7: refuses %j', async (headers) => {
    expect(await send('POST', headers)).toBe('FORBIDDEN_ORIGIN');
    expect(await send('GET', headers)).toBe('FORBIDDEN_ORIGIN');
  });

  test('T2: refuses its own origin with a path, credentials or another spelling', async () => {
    for (const origin of [`http://${own}/`, `http://a@${own}`, `HTTP://${own}`, `ftp://${own}`]) {
      expect(await send('POST', { Origin: origin }), origin).toBe('FORBIDDEN_ORIGIN');
    }
  });

  test('refuses a duplicate Sec-Fetch-Site or Origin, whichever comes first', async () => {
    const site = (value: string) => `Sec-Fetch-Site: ${value}`;
    expect(await raw([`Host: ${own}`, site('same-origin'), site('cross-site')])).toBe('FORBIDDEN_ORIGIN');
    expect(await raw([`Host: ${own}`, `Origin: http://${own}`, 'Origin: https://evil.example'])).toBe(
      'FORBIDDEN_ORIGIN',
    );
  });

  test('T3: accepts requests that are same-origin, or from the user, according to the browser', async () => {
    expect(await send('POST', { 'Sec-Fetch-Site': 'same-origin', Origin: `http://${own}` })).toBe('PASS');
    expect(await send('POST', { 'Sec-Fetch-Site': 'none' })).toBe('PASS');
  });

  test('accepts its own origin without Sec-Fetch-Site, also behind a proxy that ends TLS', async () => {
    expect(await send('POST', { Origin: `http://${own}` })).toBe('PASS');
    expect(await send('POST', { Origin: `https://${own}` })).toBe('PASS');
    expect(await raw(['Host: photos.example:443', 'Origin: https://photos.example'], 'POST')).toBe('PASS');
    expect(await raw(['Host: [::1]:80', 'Origin: http://[::1]'], 'POST')).toBe('PASS');
  });

  test('compares the scheme if TLS ends here', async () => {
    expect(await sendHttp2({ origin: `https://${secureOwn}` })).toBe('PASS');
    expect(await sendHttp2({ origin: `http://${secureOwn}` })).toBe('FORBIDDEN_ORIGIN');
  });

  test('accepts pages of allowedOrigins', async () => {
    expect(await send('POST', { Origin: ALLOWED_ORIGIN })).toBe('PASS');
    expect(await send('POST', { Origin: ALLOWED_ORIGIN, 'Sec-Fetch-Site': 'cross-site' })).toBe('PASS');
  });
});
