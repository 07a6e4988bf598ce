import express from 'express';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { discardRest, uploadBody } from '../../plugin/http/uploadBody.ts';

/** A server that answers with the code of what went wrong with a body, or with its length. */
async function startServer(idleMs: number): Promise<number> {
  const app = express().put('/', async (asked, answer) => {
    let length = 0;
    try {
      for await (const chunk of uploadBody(asked, idleMs)) length += chunk.length;
      answer.send(String(length));
    } catch (error) {
      answer.send(ImageCacheError.from(error).code);
    }
    discardRest(asked);
  });
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // it listens on TCP
}

async function send(port: number, write: (sent: ReturnType<typeof request>) => void): Promise<string> {
  const sent = request({ host: '127.0.0.1', port, method: 'PUT' });
  sent.on('error', () => undefined);
  write(sent);
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>]; // as Node documents it
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it('reads a body, however slowly it comes', async () => {
  const port = await startServer(1000);
  const answer = await send(port, (sent) => {
    sent.write('ab');
    setTimeout(() => sent.end('c'), 50);
  });
  expect(answer).toBe('3');
});

it('gives up on a client that sends nothing more, and tells it so', async () => {
  const port = await startServer(50);
  expect(await send(port, (sent) => sent.write('ab'))).toBe('UPLOAD_TIMEOUT');
});
