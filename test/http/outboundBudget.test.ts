import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { PrefetchAnswer } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';
import { OutboundBudget, type OutboundBudgetOptions } from '../../plugin/http/outboundBudget.ts';

const MB = 1 << 20;
const BODY = Buffer.alloc(20 * MB);

/** A server that answers with 20 MB, and readers that ask and then do not read. */
async function start(options: OutboundBudgetOptions) {
  const outbound = new OutboundBudget(options);
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    response.end(BODY);
    outbound.sent(response, BODY.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const ask = async () => {
    const socket = connect(port, '127.0.0.1').pause();
    sockets.push(socket);
    socket.on('error', () => {}); // a reset is expected
    const before = responses.length;
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await expect.poll(() => responses.length).toBe(before + 1);
    return socket;
  };
  return { outbound, ask };
}

test('unread bytes count until they were read, or the reader has left', async () => {
  const { outbound, ask } = await start({});
  const first = await ask();
  const second = await ask();
  expect(outbound.bytes).toBe(40 * MB);
  first.resume();
  await expect.poll(() => outbound.bytes).toBe(20 * MB);
  second.destroy();
  await expect.poll(() => outbound.bytes).toBe(0);
});

test('beyond the limit large bodies are refused and small ones are not', async () => {
  const { outbound, ask } = await start({ maxBytes: 30 * MB });
  outbound.admit(20 * MB);
  await ask();
  outbound.admit(10 * MB);
  expect(() => outbound.admit(11 * MB)).toThrow(expect.objectContaining({ code: 'OVERLOADED', retryAfterMs: 1000 }));
  outbound.admit(MB - 1);
});

test('a reader that reads nothing for long enough is cut off', async () => {
  const { outbound, ask } = await start({ stalledMs: 50 });
  const socket = await ask();
  await expect.poll(() => outbound.bytes).toBe(0);
  socket.resume();
  await once(socket, 'close');
  expect(socket.bytesRead).toBeLessThan(BODY.length);
});

test.each(['path', 'url'])('R12: a small hit by %s needs neither a timer nor a listener', async (how) => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const { images, post } = await startApi(bucket);
  const filled = await post('/prefetch', { actor_id: '1', images: [{ s3_url: 's3://photos/a.jpg' }] });
  const { results } = (await filled.json()) as PrefetchAnswer;
  const [result] = results;
  if (result === undefined || !('entry' in result)) throw new Error('not cached');
  const seen: [before: string, after: string, timeout: number | undefined][] = [];
  const listenersOf = (response: ServerResponse) =>
    response
      .eventNames()
      .map((name) => `${String(name)} ${response.listenerCount(name)}`)
      .join();
  const server = createServer((request, response) => {
    const before = listenersOf(response);
    const end = response.end.bind(response);
    response.end = (...body: unknown[]) => {
      Reflect.apply(end, response, body);
      // After all that is done at once when an answer has ended.
      queueMicrotask(() => seen.push([before, listenersOf(response), response.socket?.timeout]));
      return response;
    };
    images.router(request, response, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const target = how === 'path' ? imagePath(result.entry.local_path) : imageUrl('s3://photos/a.jpg');
  for (let n = 0; n < 3; n += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${target}`);
    expect([answer.headers.get('x-cache'), (await answer.arrayBuffer()).byteLength > 0]).toEqual(['HIT', true]);
  }
  expect(seen).toHaveLength(3);
  for (const [before, after, timeout] of seen) expect([after, timeout ?? 0]).toEqual([before, 0]);
});
