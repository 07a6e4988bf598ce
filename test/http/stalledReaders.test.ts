import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import { constants, createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { ImageCache } from '../../plugin/cache/imageCache.ts';
import { productionAccess } from '../../plugin/http/accessPolicy.ts';
import { createCacheApi } from '../../plugin/http/apis.ts';
import { OutboundBudget } from '../../plugin/http/outboundBudget.ts';
import type { PrefetchImage, PrefetchResult } from '../../plugin/protocol.ts';
import { entryOf } from '../helpers/entries.ts';

/** More than the kernel buffers of an answer that is not read. */
const LONG = 15_000;
const entry = entryOf(1, { filename: 'x'.repeat(1_000) });

/** As much of a cache as the routes below use, with long answers. */
function longWindedCache(finished: Promise<void>): ImageCache {
  const cache = {
    size: 3,
    countError: () => undefined,
    insight: { recorder: {} },
    manifestTag: async () => '"1"',
    async *lines() {
      for (let n = 0; n < LONG; n += 1) yield JSON.stringify(entry);
    },
    async manifest() {
      return cache.lines();
    },
    lookup: async (urls: string[]) => urls.map((_, n) => entryOf(n, { filename: entry.filename })),
    async prefetch({ s3_url }: PrefetchImage): Promise<PrefetchResult> {
      return { s3_url, status: 'cached', entry: { ...entry, s3_url } };
    },
    async verify({ onProgress }: { onProgress: (progress: object) => void }) {
      for (let n = 0; n < LONG; n += 1) onProgress({ step: 'scan', checked: n, total: n, padding: entry.filename });
      await finished;
      return {};
    },
  };
  return cache as unknown as ImageCache; // no other method is called
}

function createApi(outbound: OutboundBudget, finished: Promise<void> = Promise.resolve()) {
  return createCacheApi({
    hasMetrics: false,
    cache: longWindedCache(finished),
    logger: { debug: undefined, info: () => {}, warn: () => {} },
    doctor: { examine: () => Promise.reject(new Error('not asked here')), close: () => undefined },
    authorize: undefined,
    uploads: undefined,
    access: productionAccess([]),
    manage: () => true,
    images: { widths: [], formats: [], quality: 75, placeholder: false, store: 'original' },
    allowedOrigins: [],
    allowedHosts: true,
    bodyLimit: 4_000_000,
    outbound,
    hasInspector: false,
    simulation: undefined,
  });
}

const urls = JSON.stringify({ urls: Array.from({ length: 10_000 }, (_, n) => `s3://photos/${n}.jpg`) });
const images = JSON.stringify({
  actor_id: '1',
  images: Array.from({ length: 10_000 }, (_, n) => ({ s3_url: `s3://photos/${n}.jpg` })),
});
const LINES = 'Accept: application/x-ndjson\r\n';
const ANSWERS: [what: string, line: string, headers: string, body: string][] = [
  ['the manifest', 'GET /manifest', '', ''],
  ['JSON', 'POST /lookup', '', urls],
  ['JSON of a prefetch', 'POST /prefetch', '', images],
  ['lines of a prefetch', 'POST /prefetch', LINES, images],
  ['lines of a verification', 'POST /verify', LINES, ''],
];

/** A server, and readers that ask and then do not read. */
async function startHttp(outbound: OutboundBudget) {
  const api = createApi(outbound);
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    api(request, response, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (line: string, headers: string, body: string) => {
    const type = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => {}); // a reset is expected
    socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\n${headers}${type}\r\n${body}`);
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { responses, ask };
}

it.each(ANSWERS)(
  'S12: readers that never read %s are cut off, and use no memory any more',
  async (_, ...question) => {
    const outbound = new OutboundBudget({ stalledMs: 100 });
    const { responses, ask } = await startHttp(outbound);
    for (let n = 0; n < 4; n += 1) ask(...question);
    await expect.poll(() => responses.length).toBe(4);
    await expect.poll(() => outbound.bytes).toBeGreaterThan(0);
    await expect.poll(() => responses.every(({ destroyed }) => destroyed), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => outbound.bytes).toBe(0);
  },
  60_000,
);

it.each(ANSWERS)(
  'S12: unread bytes of %s count, and beyond the limit, answers are refused or cut off',
  async (_, ...question) => {
    const outbound = new OutboundBudget({ maxBytes: 6 << 20 });
    const { responses, ask } = await startHttp(outbound);
    for (let n = 0; n < 8; n += 1) ask(...question);
    await expect.poll(() => responses.length).toBe(8);
    const isOver = (response: ServerResponse) => response.destroyed || response.statusCode === 503;
    await expect.poll(() => responses.some(isOver), { timeout: 20_000 }).toBe(true);
    // A piece that was written just before may be as large as all that was waiting by then.
    expect(outbound.bytes).toBeLessThan(40 << 20);
  },
  60_000,
);

it('S12: a reader that has read all lines and waits for the next one is not cut off', async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const api = createApi(new OutboundBudget({ stalledMs: 300 }), finished);
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    api(request, response, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const options = { method: 'POST', headers: { Accept: 'application/x-ndjson' } };
  const answer = await fetch(`http://127.0.0.1:${port}/verify`, options);
  let last = '';
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) last = Buffer.from(chunk).toString();
  })();
  let timeouts = 0;
  responses[0]?.on('timeout', () => (timeouts += 1));
  await expect.poll(() => timeouts, { timeout: 20_000 }).toBeGreaterThan(0);
  finish();
  await reading;
  expect(last).toMatch(/\{"done":true\}\n$/);
}, 30_000);

it('S12: a reader of HTTP/2 that opens no window is cut off', async () => {
  const api = createApi(new OutboundBudget({ stalledMs: 100 }));
  const codes: number[] = [];
  const server = createHttp2Server((request, response) => {
    response.stream.on('close', () => codes.push(response.stream.rstCode));
    // The handler is made for both; the types know HTTP/1 only.
    api(request as never, response as never, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const lookup = {
    ':path': '/lookup',
    ':method': 'POST',
    'content-type': 'application/json',
    'sec-fetch-site': 'same-origin',
  };
  session.request({ ':path': '/manifest' }).on('error', () => {});
  session
    .request(lookup)
    .on('error', () => {})
    .end('{"urls":["s3://a/b"]}');
  await expect.poll(() => codes.length, { timeout: 20_000 }).toBe(2);
  expect(codes).toEqual([constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_INTERNAL_ERROR]);
}, 30_000);
