import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { applyCors } from '../../plugin/http/cors.ts';

/** The `Vary` of an answer to which a server around us gave one already. */
async function varyOf(allowedOrigins: readonly string[], outer: string | string[] | undefined): Promise<string | null> {
  const server = createServer((request, response) => {
    if (outer !== undefined) response.setHeader('Vary', outer);
    applyCors(allowedOrigins, request, response);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // An object and not a pipe's name, because the server listens on TCP.
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } });
  return answer.headers.get('vary');
}

it.each([
  [undefined, 'Origin'],
  ['', 'Origin'],
  ['Accept-Encoding', 'Accept-Encoding, Origin'],
  [['Accept-Encoding', 'Accept'], 'Accept-Encoding, Accept, Origin'],
  ['X-Origin', 'X-Origin, Origin'],
  ['Accept-Encoding,origin', 'Accept-Encoding,origin'],
  [['Accept', 'Origin'], 'Accept, Origin'],
  ['*', '*'],
])('adds to a Vary of %j that the answer varies with the origin', async (outer, expected) => {
  expect((await varyOf(['https://admin.example.com'], outer))?.replace(/^, /, '')).toBe(expected);
});

it('leaves a Vary as it is when no other origins are allowed', async () => {
  expect(await varyOf([], 'Accept-Encoding')).toBe('Accept-Encoding');
  expect(await varyOf([], undefined)).toBeNull();
});
