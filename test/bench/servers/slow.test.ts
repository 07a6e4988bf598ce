import { createServer, request } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from './listen.ts';
import { start } from './slow.ts';

const DELAY_MS = 100;

it('holds back what a client says, and passes on the whole answer', async () => {
  const body = Buffer.alloc(5_000_000, 'image ');
  let receivedAt = 0;
  const upstream = await listen((_, response) => {
    receivedAt = performance.now();
    response.end(body);
  });
  onTestFinished(() => upstream.close());
  const slow = await start({ port: upstream.port, delayMs: DELAY_MS });
  onTestFinished(() => slow.close());

  const askedAt = performance.now();
  const response = await fetch(`http://127.0.0.1:${slow.port}/`, { headers: { connection: 'close' } });
  expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  expect(receivedAt - askedAt).toBeGreaterThanOrEqual(DELAY_MS - 2); // timers may be a little early
});

it('keeps what a client says in order', async () => {
  const upstream = createServer((incoming, response) => incoming.pipe(response));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void upstream.close());
  const address = upstream.address();
  if (typeof address !== 'object' || address === null) throw new Error('it listens on TCP');
  const slow = await start({ port: address.port, delayMs: 20 });
  onTestFinished(() => slow.close());

  const sent = request({ port: slow.port, host: '127.0.0.1', method: 'POST', agent: false });
  const answered = new Promise<string>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
  });
  for (const part of ['one ', 'two ', 'three']) {
    await new Promise<void>((resolve) => sent.write(part, () => resolve()));
  }
  sent.end();
  expect(await answered).toBe('one two three');
});
