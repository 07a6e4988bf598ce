import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { VITE_QUERIES, waysInto } from '../vite/waysInto.ts';
import type { TestServer } from './testServer.ts';
import { describeEveryMode } from './everyMode.ts';
import { MODES, type Mode } from './modes.ts';

const baseOf = ({ baseUrl }: Mode) => baseUrl.slice(0, -'api/cache'.length);

/** Queries for the content of a file. */
const SENT_AS_IT_IS = ['', '?t=1', '?direct', '?raw', '?import&raw'];

/** Whether an answer holds bytes of a cached image, plain or in base64, or an entry of the manifest. */
function holdsCache({ picture }: TestServer, text: string): boolean {
  const image = picture.bytes.toString('latin1', 0, 64);
  return text.includes(image) || text.includes(picture.bytes.toString('base64', 0, 48)) || text.includes('"sha256"');
}

describeEveryMode((add, mode) => {
  add('T8', 'no URL of the server itself leads into the cache directory', async (server) => {
    await expect.poll(() => readFile(join(server.cacheDir, 'manifest.json'), 'utf8')).toContain('"sha256"');
    const image = server.picture.entry.local_path.replace('.image-cache/', '');
    const files = ['manifest.json', 'journal/0000000001.log', 'CACHE_ID', 'images/', image];
    for (const url of waysInto(server.root, baseOf(mode), '.image-cache', files)) {
      const { status, text } = await server.ask('GET', url);
      expect(holdsCache(server, text), url).toBe(false);
      // What a preview does not have it answers with the app's page, as for every other path.
      if (mode.serves !== 'build') expect(status, url).toBeOneOf([400, 403, 404]);
    }
  });

  add('T8', '`/.env`, `/.git/config` and what else Vite denies stay denied', async (server) => {
    const denied = ['.env', '.git/config', 'certificate.pem'];
    // Some queries yield a module that only names the file; each answer is searched for its content.
    for (const url of waysInto(server.root, baseOf(mode), '.', denied)) await server.ask('GET', url);
    if (mode.serves !== 'sources') return;
    for (const url of denied.flatMap((file) => SENT_AS_IT_IS.map((query) => file + query))) {
      expect((await server.ask('GET', baseOf(mode) + url)).status, url).toBe(403);
    }
  });

  add('T8', 'the project is served as it would be without the plugin', async (server) => {
    const { status, text } = await server.ask('GET', baseOf(mode));
    if (mode.serves === 'nothing') return expect(status).toBe(404);
    expect([status, text]).toEqual([200, expect.stringContaining('<!doctype html>')]);
    if (mode.serves === 'sources') expect((await server.ask('GET', `${baseOf(mode)}main.js`)).status).toBe(200);
  });
});

describeEveryMode(
  (add, mode) => {
    add('T8', 'the developer’s own `server.fs.deny` applies, and the cache is denied besides', async (server) => {
      const base = baseOf(mode);
      for (const query of VITE_QUERIES) await server.ask('GET', `${base}canary.png${query}`);
      for (const file of ['canary.png', server.picture.entry.local_path]) {
        for (const query of SENT_AS_IT_IS) {
          expect((await server.ask('GET', base + file + query)).status, file + query).toBe(403);
        }
      }
    });
  },
  {
    // A preview serves the files of the build, and a server of one's own nothing: neither knows `server.fs`.
    modes: MODES.filter(({ serves }) => serves === 'sources'),
    config: { server: { fs: { deny: ['canary.*'] } } },
  },
);
