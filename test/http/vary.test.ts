import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { varyBy } from '../../plugin/http/vary.ts';

it.each([
  [undefined, 'Origin, Accept'],
  ['Accept-Encoding', 'Accept-Encoding, Origin, Accept'],
  [['Accept-Encoding', 'Cookie'], 'Accept-Encoding, Cookie, Origin, Accept'],
  ['accept, ORIGIN', 'accept, ORIGIN'],
  ['Accept-Encoding, *', 'Accept-Encoding, *'],
])('names are added to a Vary of %j in the same line, once each', (before, after) => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  if (before !== undefined) response.setHeader('Vary', before);
  for (const name of ['Origin', 'Accept', 'Origin']) varyBy(response, name);
  expect(response.getHeader('Vary')).toBe(after);
});
