import { isIP } from 'node:net';
import type { TestServer } from './testServer.ts';
import { seededRandom } from './random.ts';

/** Near misses of the server's own origin, and the origin itself. */
export function* origins({ port }: TestServer, count: number): Generator<string> {
  const { pick, integer } = seededRandom(2);
  yield* [`http://localhost:${port}`, `https://localhost:${port}`];
  for (let n = 0; n < count; n += 1) {
    const scheme = pick(['http', 'https', 'HTTP', 'ws', 'ftp', 'file', 'blob:http', 'chrome-extension', 'https:http']);
    const host = pick(['localhost', 'LOCALHOST', 'localhost.', 'app.localhost', '127.0.0.1', '[::1]', 'evil.example']);
    const before = pick(['', '', '', 'a@', 'localhost@', `localhost:${port}@`, 'evil.', '.', '%6c', '\\']);
    const after = pick([
      '',
      '',
      '',
      '/',
      '/x',
      '#',
      '?',
      '.evil.example',
      ' ',
      ',',
      `, http://localhost:${port}`,
      '%00',
    ]);
    const ports = [
      `:${port}`,
      `:${port}`,
      `:0${port}`,
      '',
      ':',
      ':80',
      `:${port + 1 + integer(9)}`,
      `:${port}0`,
    ] as const;
    yield `${scheme}://${before}${host}${pick(ports)}${after}`.trim();
  }
}

/** Hosts from the parts that fool parsers; about one in three is one of ours. */
export function* hosts(count: number): Generator<string> {
  yield* ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', 'a@localhost', '[', '[::1', ''];
  yield* ['localhost', 'LOCALHOST', 'app.localhost', '127.0.0.1', '[::1]', '192.168.7.7:80', 'localhost:1'];
  const { pick } = seededRandom(4);
  for (let n = 0; n < count; n += 1) {
    const begin = pick(['', '', '', 'evil.', 'evil', 'a@', '.', '%6c', '/', '\\', '[', 'xn--', '0x', ' ', '\u00e4']);
    const middle = pick([
      'localhost',
      '127.0.0.1',
      '127.1',
      '2130706433',
      '[::1]',
      '::1',
      '[::ffff:7f00:1]',
      '[fe80::1%25lo]',
    ]);
    const end = pick(['', '', '', '.', '.evil.example', '/x', '#', '?', '@evil.example', ', evil.example', '\t', ';']);
    yield `${begin}${middle}${end}${pick(['', '', ':5173', ':', ':http', ':80:80', ':-1'])}`;
  }
}

/** The rule: a name that cannot be rebound. RFC 6761 keeps `localhost` and what is below it on this machine. */
export function isOwn(host: string): boolean {
  const name = host.trim().toLowerCase().replace(/:\d*$/, '');
  if (name.startsWith('[')) return name.endsWith(']') && isIP(name.slice(1, -1)) === 6 && !name.includes('%');
  return isIP(name) === 4 || /^(?:[a-z0-9_-]+\.)*localhost$/.test(name);
}
