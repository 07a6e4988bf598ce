import { once } from 'node:events';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createImageCache } from '../../plugin/express.ts';
import { EventLog } from '../../plugin/http/eventLog.ts';
import { streamEvents } from '../../plugin/http/streamEvents.ts';
import type { CacheEvent } from '../../plugin/protocol.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { entryOf } from '../helpers/entries.ts';
import { jpeg } from '../helpers/images.ts';
import { type Api, type Bucket, imageUrl, startApi, startBucket } from '../helpers/stack.ts';
import { certificate } from './expressAppCertificate.ts';

/** As long as it takes on a busy machine. */
const poll = <T>(read: () => T) => expect.poll(read);

interface Message {
  event: string;
  id: string | undefined;
  data: CacheEvent | Record<string, never>;
}

/** Parses as the HTML standard says (9.2.6), as far as we send it: lines, fields, a blank line at the end. */
function parse(text: string): Message[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
      const data = fields.get('data');
      if (data === undefined) return [];
      return { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) };
    });
}

interface Reader {
  answer: Response;
  text(): string;
  messages(): Message[];
  /** True when the server has ended the stream. */
  isEnded(): boolean;
  leave(): void;
}

async function read(api: Api, query = '', headers: Record<string, string> = {}): Promise<Reader> {
  const abort = new AbortController();
  const answer = await fetch(`${api.base}/events${query}`, { headers, signal: abort.signal });
  let text = '';
  let isEnded = false;
  const decoder = new TextDecoder();
  const pump = async () => {
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true });
    isEnded = true;
  };
  pump().catch(() => {}); // the test has left
  onTestFinished(() => abort.abort());
  return { answer, text: () => text, messages: () => parse(text), isEnded: () => isEnded, leave: () => abort.abort() };
}

async function start(options: Parameters<typeof startApi>[1] = {}) {
  const bucket = await startBucket();
  for (const n of [1, 2, 3]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
  return { bucket, api: await startApi(bucket, options) };
}

async function store(api: Api, bucket: Bucket, name: string): Promise<void> {
  const answer = await api.get(imageUrl(await bucket.presign(name)));
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
}

const urlsOf = (data: Message['data']) =>
  'entry' in data ? [data.entry.s3_url] : 's3_urls' in data ? data.s3_urls : [];

describe('GET /events', () => {
  it('sends an event for what is stored, invalidated and cleared, as it happens', async () => {
    const { bucket, api } = await start();
    const reader = await read(api);
    expect(reader.answer.status).toBe(200);
    expect(Object.fromEntries(reader.answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    await store(api, bucket, '1.jpg');
    await api.post('/invalidate', { s3_url: await bucket.presign('1.jpg') });
    await api.post('/clear-all');
    await poll(() => reader.messages().length).toBe(4);
    const key = `${bucket.option.endpoint}/photos/1.jpg`;
    expect(reader.messages().map(({ event, data }) => [event, data])).toEqual([
      ['ready', {}],
      ['message', { type: 'stored', entry: expect.objectContaining({ s3_url: key }) }],
      ['message', { type: 'invalidated', s3_urls: [key] }],
      ['message', { type: 'cleared', s3_urls: [] }],
    ]);
    expect(reader.text()).toMatch(/^retry: \d+\n/);
  });

  // Only Linux has other loopback addresses without being told.
  it.skipIf(process.platform !== 'linux')(
    'S16: a client that opens a thousand does not keep others out',
    async () => {
      const { bucket, api } = await start();
      const { hostname, port } = new URL(api.base);
      const greedy = Array.from({ length: 1_000 }, () => {
        const socket = connect({ port: Number(port), host: hostname, localAddress: '127.0.0.2' });
        socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
        return socket.on('error', () => {}).resume();
      });
      onTestFinished(() => greedy.forEach((socket) => socket.destroy()));
      await poll(() => greedy.every(({ bytesRead }) => bytesRead > 0)).toBe(true);
      const reader = await read(api); // from 127.0.0.1
      expect(reader.answer.status).toBe(200);
      await store(api, bucket, '1.jpg');
      await poll(() => reader.messages().length).toBe(2);
      await poll(() => greedy.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length).toBe(1);
    },
    30_000,
  );

  it('T19: contains no signature', async () => {
    const { bucket, api } = await start();
    const reader = await read(api);
    await store(api, bucket, '1.jpg');
    await api.post('/invalidate', { s3_url: await bucket.presign('1.jpg') });
    await poll(() => reader.messages().length).toBe(3);
    expect(reader.text()).not.toMatch(/X-Amz|Signature|Credential/i);
  });

  it.each(['header', 'parameter'])('sends a reader that reconnects the events that it missed, by %s', async (how) => {
    const { bucket, api } = await start();
    const first = await read(api);
    await store(api, bucket, '1.jpg');
    await poll(() => first.messages().length).toBe(2);
    const id = first.messages().at(-1)?.id ?? '';
    first.leave();
    await store(api, bucket, '2.jpg');
    await store(api, bucket, '3.jpg');
    const again =
      how === 'header' ? await read(api, '', { 'Last-Event-ID': id }) : await read(api, `?last_event_id=${id}`);
    await poll(() => again.messages().length).toBe(3);
    const [ready, ...missed] = again.messages();
    // Were it the newest, a connection that breaks here would lose the two.
    expect(ready).toMatchObject({ event: 'ready', id });
    expect(missed.map(({ data }) => urlsOf(data)[0]?.split('/').at(-1))).toEqual(['2.jpg', '3.jpg']);
  });

  it('tells a reader to look again if it reconnects after a restart, or with an unknown id', async () => {
    const { bucket, api } = await start();
    const reader = await read(api);
    await poll(() => reader.messages().length).toBe(1);
    const id = reader.messages()[0]?.id ?? '';
    const restarted = await startApi(bucket);
    for (const stranger of [id, 'x', '../../etc', `${id}9`, `${id.split('.')[0]}.-1`]) {
      const again = await read(restarted, `?last_event_id=${encodeURIComponent(stranger)}`);
      await poll(() => again.messages().map(({ event }) => event)).toEqual(['ready', 'reset']);
      const newcomer = await read(restarted);
      await poll(() => newcomer.messages().length).toBe(1);
      expect(again.messages()[1]?.id).toBe(newcomer.messages()[0]?.id);
    }
  });

  it('ends with the cache, and refuses readers after that', async () => {
    const { api } = await start();
    const readers = await Promise.all([read(api), read(api)]);
    await api.images.close();
    await poll(() => readers.every((reader) => reader.isEnded())).toBe(true);
    expect((await api.get('/events')).status).toBe(499);
  });

  it('T1, T7, T11: refuses other sites’ pages, other methods and unknown parameters', async () => {
    const { api } = await start();
    expect((await api.get('/events', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await api.get('/events', { Origin: 'http://localhost:9999' })).status).toBe(403);
    const posted = await api.post('/events');
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await api.get('/events?url=x')).status).toBe(400);
    expect((await api.get('/events?last_event_id=a&last_event_id=b')).status).toBe(400);
  });

  it('answers HEAD, and ends', async () => {
    const { api } = await start();
    const answer = await fetch(`${api.base}/events`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });

  it('T24: shows no image that `authorize` refuses', async () => {
    const { bucket, api } = await start({
      authorize: (request, entry) => {
        if (request.headers['x-user'] === 'broken') throw new Error('no such user');
        return request.headers['x-user'] === 'b' || entry.s3_url.endsWith('/1.jpg');
      },
    });
    const [a, b, broken] = await Promise.all(['a', 'b', 'broken'].map((user) => read(api, '', { 'X-User': user })));
    const asB = { 'X-User': 'b' };
    for (const name of ['2.jpg', '1.jpg']) {
      await (await api.get(imageUrl(await bucket.presign(name)), asB)).arrayBuffer();
    }
    await api.post('/invalidate', { s3_url: await bucket.presign('2.jpg') });
    await api.post('/clear-all');
    await poll(() => [a, b, broken].map((reader) => reader?.messages().length)).toEqual([3, 5, 2]);
    expect(a?.text()).not.toContain('/photos/2.jpg');
    expect(b?.text()).toContain('/photos/2.jpg');
    expect(broken?.text()).not.toContain('.jpg');
    expect(broken?.messages()[1]?.data).toEqual({ type: 'cleared', s3_urls: [] });
  });

  it('tells every reader that S3 answers again, by a name that older pages do not listen to; one that was away hears it later', async () => {
    const { api } = await start({ authorize: () => false });
    const reader = await read(api);
    await poll(() => reader.messages().length).toBe(1);
    const id = reader.messages()[0]?.id ?? '';
    api.images.cache.recovered();
    await poll(() => reader.messages().at(-1)).toMatchObject({ event: 'recovered', data: {} });
    const again = await read(api, `?last_event_id=${id}`);
    await poll(() => again.messages().at(-1)).toMatchObject({ event: 'recovered', id: reader.messages().at(-1)?.id });
  });

  it('admits 1,000 readers at a time, and the next one when one has left', { timeout: 60_000 }, async () => {
    const { api } = await start();
    const { port } = new URL(api.base);
    const sockets = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await once(socket, 'data');
        return socket;
      }),
    );
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    const refused = await api.get('/events');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect((await api.get('/stats')).status).toBe(200);
    sockets[0]?.destroy();
    await poll(async () => (await read(api)).answer.status).toBe(200);
  });

  it('speaks HTTP/2', async () => {
    const bucket = await startBucket();
    const images = createImageCache({
      buckets: [bucket.option],
      logLevel: 'silent',
      cacheDir: `${await temporaryDirectory()}/.image-cache`,
    });
    const server = http2.createSecureServer(certificate, (request, response) => {
      // The router takes both kinds; its type names HTTP/1's.
      images.router(request as never, response as never, () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = http2.connect(`https://localhost:${(server.address() as AddressInfo).port}`, {
      ca: certificate.cert,
    });
    onTestFinished(async () => {
      session.destroy();
      await images.close();
      server.close();
    });
    const stream = session.request({ ':path': '/events', 'sec-fetch-site': 'same-origin' });
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const [headers]: http2.IncomingHttpHeaders[] = await once(stream, 'response');
    expect(headers?.['content-type']).toBe('text/event-stream; charset=utf-8');
    await images.cache.clear();
    await poll(() => parse(text).map(({ event }) => event)).toEqual(['ready', 'message']);

    const left = session.request({ ':path': '/events' });
    await once(left, 'response');
    left.destroy();
    await once(left, 'close');
    await images.cache.clear(); // written to those that are left only
    await poll(() => parse(text).length).toBe(3);
    const ended = once(stream, 'end');
    await images.close();
    await ended;
  });
});

describe('a reader', () => {
  /** The stream alone, whose log the test writes. */
  async function startStream() {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const log = new EventLog();
    const server = createServer((_request, response) => {
      void streamEvents(log, response, {
        lastEventId: undefined,
        show: async ({ event }) => (event === 'recovered' ? undefined : event),
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => {}); // being dropped is one
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await poll(() => text).toContain('event: ready');
    return { log, socket, text: () => text };
  }

  it('that is idle gets a heartbeat every 15 seconds', async () => {
    const { text } = await startStream();
    for (let beats = 1; beats <= 3; beats += 1) {
      vi.advanceTimersByTime(15_000);
      await poll(() => text().match(/^:$/gm)?.length).toBe(beats);
    }
  });

  /** 2 MB, so that twenty are more than the kernel holds at both ends. */
  const large: CacheEvent = { type: 'invalidated', s3_urls: Array.from({ length: 500 }, () => 'x'.repeat(4_000)) };

  it('that is slow gets the events that it missed, or is told to look again', async () => {
    const { log, socket, text } = await startStream();
    socket.pause();
    for (let n = 0; n < 300; n += 1) log.changed(large, []);
    await new Promise(setImmediate);
    vi.advanceTimersByTime(15_000);
    socket.resume();
    await poll(() => text()).toContain('event: reset');
    log.changed({ type: 'cleared', s3_urls: [] }, []);
    await poll(() => text()).toContain('{"type":"cleared","s3_urls":[]}');
    expect(text().match(/invalidated/g)?.length ?? 0).toBeLessThan(300);
  });

  it('that reads nothing between two heartbeats is dropped', async () => {
    const { log, socket } = await startStream();
    socket.pause();
    for (let n = 0; n < 20; n += 1) log.changed(large, []);
    // As many turns as it takes until the kernel holds no more.
    for (let turns = 0; turns < 100; turns += 1) await new Promise(setImmediate);
    vi.advanceTimersByTime(15_000);
    vi.advanceTimersByTime(15_000);
    socket.resume();
    await poll(() => socket.destroyed).toBe(true);
  });
});

describe('the log of events', () => {
  const stored = (n: number): CacheEvent => ({ type: 'stored', entry: entryOf(n) });

  it('drops the oldest events, and says so', () => {
    const log = new EventLog();
    for (let n = 1; n <= 300; n += 1) log.changed(stored(n), []);
    expect(log.last).toBe(300);
    expect(log.after(300)).toEqual([]);
    expect(log.after(299)?.map(({ number }) => number)).toEqual([300]);
    expect(log.after(44)).toHaveLength(256);
    expect(log.after(43)).toBeUndefined();
  });

  it('keeps no event about more than 500 images, except that everything was cleared', () => {
    const log = new EventLog();
    const s3_urls = Array.from({ length: 501 }, (_, n) => `https://b.s3.amazonaws.com/${n}`);
    log.changed({ type: 'invalidated', s3_urls }, []);
    log.changed({ type: 'cleared', actor_id: '1', s3_urls }, []);
    log.changed({ type: 'cleared', s3_urls }, []);
    expect(log.after(0)?.map(({ event }) => event)).toEqual([undefined, undefined, { type: 'cleared', s3_urls: [] }]);
  });

  it('releases a reader that has left while nothing happened', async () => {
    const log = new EventLog();
    const left = new AbortController();
    const waiting = log.more(left.signal);
    left.abort();
    await waiting;
  });
});
