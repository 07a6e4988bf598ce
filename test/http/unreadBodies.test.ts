import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { UnreadBodies, type UnreadBodiesOptions } from '../../plugin/http/unreadBodies.ts';

const MB = 1 << 20;
const BODY = Buffer.alloc(20 * MB);

/** A server that answers with 20 MB, and readers that ask and then do not read. */
async function start(options: UnreadBodiesOptions) {
  const unread = new UnreadBodies(options);
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    response.end(BODY);
    unread.sent(response, BODY.length);
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
  return { unread, ask };
}

test('what is not read counts until it is read, or its reader has left', async () => {
  const { unread, ask } = await start({});
  const first = await ask();
  const second = await ask();
  expect(unread.bytes).toBe(40 * MB);
  first.resume();
  await expect.poll(() => unread.bytes).toBe(20 * MB);
  second.destroy();
  await expect.poll(() => unread.bytes).toBe(0);
});

test('beyond the limit large bodies are refused and small ones are not', async () => {
  const { unread, ask } = await start({ maxBytes: 30 * MB });
  unread.admit(20 * MB);
  await ask();
  unread.admit(10 * MB);
  expect(() => unread.admit(11 * MB)).toThrow(expect.objectContaining({ code: 'OVERLOADED', retryAfterMs: 1000 }));
  unread.admit(MB - 1);
});

test('a reader that takes nothing for long enough is cut off', async () => {
  const { unread, ask } = await start({ stalledMs: 50 });
  const socket = await ask();
  await expect.poll(() => unread.bytes).toBe(0);
  socket.resume();
  await once(socket, 'close');
  expect(socket.bytesRead).toBeLessThan(BODY.length);
});
