import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { readJson } from '../../plugin/http/jsonBody.ts';
import { createExpressApp } from '../../plugin/http/expressApp.ts';
import { certificate } from './expressAppCertificate.ts';

const { app, handle } = createExpressApp();
app.get('/hello', (request, response) => {
  response.json({
    url: request.url,
    originalUrl: request.originalUrl,
    query: request.query,
    http: request.httpVersionMajor,
  });
});
app.post('/echo', readJson(1_000), (request, response) => {
  response.status(201).json(request.body ?? null);
});
app.get('/lines', async (_request, response) => {
  response.type('application/x-ndjson');
  for (const index of [0, 1, 2]) {
    response.write(`${JSON.stringify({ index })}\n`);
    await new Promise(setImmediate);
  }
  response.end();
});
app.get('/fails', async () => {
  throw new ImageCacheError('NOT_CACHED', 'It is not here.');
});

/** Strips the mount path as connect does, and ends what the app left to `next`. */
function mounted(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) {
  Object.assign(request, { originalUrl: request.url });
  request.url = request.url?.replace(/^\/api\/cache/, '') ?? '/';
  handle(request, response, (error) => {
    response.statusCode = error === undefined ? 404 : 500;
    response.end(error instanceof ImageCacheError ? error.code : String(error));
  });
}

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}
type Send = (method: string, path: string, body?: string) => Promise<Answer>;

const plain = http.createServer(mounted);
const secure = http2.createSecureServer({ ...certificate, allowHTTP1: true }, mounted);
beforeAll(async () => {
  plain.listen(0, '127.0.0.1');
  secure.listen(0, '127.0.0.1');
  await Promise.all([once(plain, 'listening'), once(secure, 'listening')]);
});
afterAll(() => {
  plain.close();
  secure.close();
});

// Both listen on TCP, so the address is an object.
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
const JSON_HEADERS = { 'content-type': 'application/json' };

const overHttp1 =
  (client: typeof http | typeof https, server: { address(): unknown }): Send =>
  async (method, path, body) => {
    const options = {
      port: portOf(server),
      host: 'localhost',
      method,
      path,
      ca: certificate.cert,
      agent: false,
    } as const;
    const request = client.request({ ...options, headers: body === undefined ? {} : JSON_HEADERS });
    request.end(body);
    const [response]: IncomingMessage[] = await once(request, 'response');
    if (response === undefined) throw new Error('no response');
    const text = Buffer.concat(await response.toArray()).toString();
    return { status: response.statusCode ?? 0, headers: response.headers, body: text };
  };

const overHttp2: Send = async (method, path, body) => {
  const session = http2.connect(`https://localhost:${portOf(secure)}`, { ca: certificate.cert });
  const headers = { ':method': method, ':path': path, ...(body !== undefined && JSON_HEADERS) };
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [answer]: http2.IncomingHttpHeaders[] = await once(stream, 'response');
  const text = Buffer.concat(await stream.toArray()).toString();
  session.close();
  return { status: Number(answer?.[':status']), headers: answer ?? {}, body: text };
};

describe.each<[string, number, Send]>([
  ['HTTP/1', 1, overHttp1(http, plain)],
  ['HTTP/1 over TLS', 1, overHttp1(https, secure)],
  ['HTTP/2', 2, overHttp2],
])('%s', (_name, version, send) => {
  test('a mounted route sees its own url, the original one and a flat query', async () => {
    const { status, headers, body } = await send('GET', '/api/cache/hello?a[b]=1&c=2');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual({
      url: '/hello?a[b]=1&c=2',
      originalUrl: '/api/cache/hello?a[b]=1&c=2',
      query: { 'a[b]': '1', c: '2' },
      http: version,
    });
  });

  test('adds neither X-Powered-By nor an ETag of its own', async () => {
    const { headers } = await send('GET', '/api/cache/hello');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('etag');
  });

  test('reads a JSON body, also one of unannounced length', async () => {
    const { status, body } = await send('POST', '/api/cache/echo', '{"actor_id":"0001"}');
    expect({ status, body }).toEqual({ status: 201, body: '{"actor_id":"0001"}' });
  });

  test('T3: accepts a POST without a body', async () => {
    expect(await send('POST', '/api/cache/echo')).toMatchObject({ status: 201, body: 'null' });
  });

  test('refuses a body that is too long', async () => {
    const long = JSON.stringify('x'.repeat(200_000));
    expect(await send('POST', '/api/cache/echo', long)).toMatchObject({ status: 500, body: 'PAYLOAD_TOO_LARGE' });
  });

  test('streams NDJSON', async () => {
    const { body, headers } = await send('GET', '/api/cache/lines');
    expect(body).toBe('{"index":0}\n{"index":1}\n{"index":2}\n');
    expect(headers).not.toHaveProperty('content-length');
  });

  test('answers HEAD without a body', async () => {
    expect(await send('HEAD', '/api/cache/hello')).toMatchObject({ status: 200, body: '' });
  });

  test('passes an error of a route, and an unknown path, to next', async () => {
    expect(await send('GET', '/api/cache/fails')).toMatchObject({ status: 500, body: 'NOT_CACHED' });
    expect(await send('GET', '/api/cache/nowhere')).toMatchObject({ status: 404 });
  });

  test('distinguishes upper and lower case in paths', async () => {
    expect(await send('GET', '/api/cache/HELLO')).toMatchObject({ status: 404 });
  });
});

test('simultaneous requests of both versions do not affect each other', async () => {
  const http1 = overHttp1(http, plain);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? http1 : overHttp2)('GET', '/api/cache/lines')),
  );
  expect(new Set(answers.map((answer) => answer.body))).toEqual(new Set(['{"index":0}\n{"index":1}\n{"index":2}\n']));
});
