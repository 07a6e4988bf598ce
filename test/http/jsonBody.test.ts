import express from 'express';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ImageCacheError } from '../../plugin/errors.ts';
import { parseBody, readJson } from '../../plugin/http/jsonBody.ts';
import { createExpressApp } from '../../plugin/http/expressApp.ts';

const LIMIT = 1_000_000;
const { app, handle } = createExpressApp();
app.post('/', readJson(LIMIT), (request, response) => void response.json({ body: request.body }));

const errors: unknown[] = [];
const server = http.createServer((request, response) =>
  handle(request, response, (error) => {
    errors.push(error);
    const { status, code, message } = ImageCacheError.from(error);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }));
  }),
);
let port = 0;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port; // It listens on TCP.
});
afterAll(() => server.close());

/** A `fetch` that adds no Content-Type of its own. */
async function post(
  body: string | Uint8Array,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) {
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers, agent: false });
  request.end(body);
  const [response]: http.IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { status: response.statusCode, ...JSON.parse(Buffer.concat(await response.toArray()).toString()) };
}

describe('a body that another middleware has read', () => {
  const around = express();
  around.use('/json', express.json());
  around.use('/raw', express.raw({ type: '*/*' }));
  around.use('/text', express.text({ type: '*/*' }));
  around.use(['/json', '/raw', '/text'], (request, response) =>
    handle(request, response, (error) => {
      const { status, code, hint } = ImageCacheError.from(error);
      response.status(status).json({ code, hint });
    }),
  );

  test.each([
    ['json', { body: { a: 1 } }],
    ['raw', { code: 'INVALID_BODY', hint: expect.stringContaining('before `express.raw()`') }],
    ['text', { code: 'INVALID_BODY', hint: expect.stringContaining('before `express.raw()`') }],
  ])('as %s', async (kind, expected) => {
    const server = around.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: outer } = server.address() as AddressInfo; // it listens on TCP
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${outer}/${kind}`, { method: 'POST', headers, body: '{"a":1}' });
    expect(await answer.json()).toEqual(expected);
    server.close();
  });
});

describe('readJson', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'reads %s',
    async (type) => {
      expect(await post('{"a":[1,"ü"]}', { 'content-type': type })).toEqual({ status: 200, body: { a: [1, 'ü'] } });
    },
  );

  test.each([
    'text/plain',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json;charset=utf-7',
    'application/json;charset=utf-16',
    'application/json, text/plain',
    'application/jsonp',
    'application/problem+json',
    'application/json; boundary=x',
    '',
  ])('T6: refuses a body of type "%s"', async (type) => {
    expect(await post('{}', { 'content-type': type })).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  test('T6: refuses a body without a type, and one that is compressed', async () => {
    expect(await post('{}', {})).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    const gzip = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(await post(gzipSync('{}'), gzip)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  test('T3: accepts a request without a body, whatever its type', async () => {
    expect(await post('', {})).toEqual({ status: 200 });
    expect(await post('', { 'content-type': 'text/plain', 'content-length': '0' })).toEqual({ status: 200 });
  });

  test.each([
    '{',
    '{"a":1,}',
    "{'a':1}",
    '[1 2]',
    '01',
    'NaN',
    '{"a":1} x',
    '"\n"',
    '"\\x"',
    '\u00a0{}',
    ' ',
    '[1]//',
    '\ufeff{"a":1}',
    '['.repeat(100_000),
    '['.repeat(100_000) + ']'.repeat(100_000),
    `{"urls":${'{"a":['.repeat(50)}${']}'.repeat(50)}}`,
  ])('T20: reports %.20s as invalid', async (body) => {
    expect(await post(body)).toMatchObject({ status: 400, code: 'INVALID_JSON' });
  });

  test('T20: refuses broken UTF-8 instead of replacing it', async () => {
    expect(await post(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toMatchObject({ status: 400, code: 'INVALID_JSON' });
  });

  test.each([
    'null',
    'true',
    '-0.1e+5',
    '"x"',
    '[]',
    '{"a":"[[[[\\"{{\\\\"}',
    `"${'['.repeat(1_000)}"`,
    '[1,[2],{"b":{}}]',
  ])('T20: reads the valid %.20s', async (body) => {
    expect(await post(body)).toEqual({ status: 200, body: JSON.parse(body) });
  });

  test.each(['[]', '{}', '1', '""', 'null', '{"a":1}'])(
    'S13: refuses too many of %s before it parses them',
    async (item) => {
      const parse = vi.spyOn(JSON, 'parse');
      const body = `[${Array.from({ length: 260_000 }, () => item).join(',')}]`;
      const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent: false });
      request.setHeader('content-type', 'application/json').end(body);
      const [response]: http.IncomingMessage[] = await once(request, 'response');
      expect(parse).not.toHaveBeenCalled();
      parse.mockRestore();
      const text = Buffer.concat((await response?.toArray()) ?? []).toString();
      expect(text).toContain(body.length > LIMIT ? 'PAYLOAD_TOO_LARGE' : 'more than 250000 values');
    },
  );

  test('S13: does not count brackets and commas in strings', async () => {
    const text = '[,{'.repeat(100_000);
    expect(await post(JSON.stringify([text, '\\', '"', '\\",']))).toMatchObject({ status: 200 });
  });

  test('T20: does not count brackets that are closed again as depth', async () => {
    expect(await post(`[${'[],{},'.repeat(1_000)}1]`)).toMatchObject({ status: 200 });
  });

  test('T20: reads 500 presigned URLs, and refuses one byte more than the limit', async () => {
    const urls = Array.from(
      { length: 500 },
      (_, n) => `https://b.s3.amazonaws.com/${n}.jpg?X-Amz-Signature=${'f'.repeat(1_300)}`,
    );
    expect(await post(JSON.stringify({ urls }))).toMatchObject({ status: 200 });
    expect(await post(`"${'x'.repeat(LIMIT - 2)}"`)).toMatchObject({ status: 200 });
    expect(await post(`"${'x'.repeat(LIMIT - 1)}"`)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });

  test('T20: refuses a body of unannounced length as soon as it is too long', async () => {
    const chunked = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    expect(await post(`"${'x'.repeat(LIMIT)}"`, chunked)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });

  test('does not repeat the body', async () => {
    const { message } = await post('{"s3_url": "https://b.example/k?token=hunter2" oops}');
    expect(message).toBe('The body is not valid JSON.');
  });

  test('reports a client that leaves in the middle', async () => {
    errors.length = 0;
    const socket = net.connect(port, '127.0.0.1');
    socket.write(
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await once(server, 'request');
    socket.destroy();
    await expect.poll(() => errors).toMatchObject([{ code: 'ABORTED' }]);
  });
});

describe('parseBody', () => {
  const forbidden = (path: string) =>
    z.string().refine((value) => !value.includes(path), { params: { code: 'INVALID_PATH' } });
  const schema = z.strictObject({
    images: z.array(z.object({ s3_url: z.string() })),
    priority: z.enum(['high', 'normal']).optional(),
    path: forbidden('..').optional(),
    byUrl: z.record(z.string(), z.number()).optional(),
  });
  const refusalOf = (body: unknown): unknown => {
    try {
      return parseBody(schema, body);
    } catch (error) {
      return error;
    }
  };

  test('returns the result of the schema', () => {
    expect(parseBody(z.object({ n: z.number().default(7) }), {})).toEqual({ n: 7 });
  });

  test.each([
    [{ images: [{ s3_url: 'a' }, {}] }, '`images[1].s3_url`: Invalid input: expected string, received undefined'],
    [{ images: [], priority: 'low' }, '`priority`: Invalid option: expected one of "high"|"normal"'],
    [[], 'The body: Invalid input: expected object, received array'],
    [{ images: [], surprise: 1 }, 'The body: has an unknown field'],
    [undefined, 'The request has no body.'],
  ])('names the field: %j', (body, message) => {
    expect(refusalOf(body)).toMatchObject({ code: 'INVALID_BODY', status: 400, message });
  });

  test('uses the code of an issue', () => {
    expect(refusalOf({ images: [], path: '../x' })).toMatchObject({ code: 'INVALID_PATH' });
  });

  test('uses only codes that exist', () => {
    const odd = z.string().refine(() => false, { params: { code: 'toString' } });
    expect(() => parseBody(odd, 'x')).toThrow(expect.objectContaining({ code: 'INVALID_BODY' }));
  });

  test('repeats neither values nor keys that may be signed URLs', () => {
    const signed = 'https://b.example/k?token=hunter2';
    for (const body of [
      { images: signed },
      { images: [], [signed]: 1 },
      { images: [], byUrl: { [signed]: 'x' } },
      signed,
    ]) {
      expect(String(refusalOf(body))).not.toContain('hunter2');
    }
  });

  test('fits on one line', () => {
    const talkative = z.string().refine(() => false, { error: 'one\n  two\r\nthree' });
    expect(() => parseBody(talkative, 'x')).toThrow('The body: one two three');
  });
});
