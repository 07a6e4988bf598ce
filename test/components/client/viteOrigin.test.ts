import { expect, test } from 'vitest';
import { viteOrigin } from '../../../components/client/config.ts';

test.each([
  ['http://localhost:5173', 'http://localhost:3000', undefined, 'http://localhost:5173'],
  ['http://localhost:5173', 'http://localhost:5173', undefined, ''],
  // On a phone the server is called otherwise than `server.origin` says.
  ['http://192.168.0.2:5173', 'http://192.168.0.2:3000', 'http://localhost:5173', 'http://192.168.0.2:5173'],
  ['http://localhost:5173', 'http://localhost:5173', 'http://localhost:5173', 'http://localhost:5173'],
  ['file://', 'http://localhost:3000', undefined, ''],
  // On a server, for which only the plugin can say it.
  ['file://', undefined, 'http://localhost:5173', 'http://localhost:5173'],
  ['file://', undefined, undefined, ''],
])('B17: with modules from %s, a page at %s and `server.origin` %s: %j', (vite, origin, told, expected) => {
  const page = origin === undefined ? undefined : { origin };
  expect(viteOrigin(`${vite}/node_modules/.vite/deps/a.js`, page, told)).toBe(expected);
});
