import { execFile } from 'node:child_process';
import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Manifest } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl } from '../helpers/stack.ts';
import { type TestServer, jsonOf } from './testServer.ts';
import { describeEveryMode } from './everyMode.ts';

const run = promisify(execFile);

/** Names that some file system takes for another, for a device, or for nothing. */
const FILENAMES = [
  'CON',
  'NUL.png',
  'COM1.jpg',
  'LPT\u00b9',
  'a.png::$DATA',
  'IMAGE~1',
  'a.',
  'a ',
  'x'.repeat(255),
  'x'.repeat(256),
  '\u202egnp.exe',
  'caf\u00e9.png',
  'cafe\u0301.png',
  'A.png',
  'a.png',
  '\uff0f\uff0e\uff0e\uff0fx',
  '-rf',
  '~',
  '.htaccess',
];

const SVGS = [
  '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
  '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><p/></foreignObject></svg>',
  '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://evil.example/x"/></svg>',
  '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
  '<!--ftypavif--><svg xmlns="http://www.w3.org/2000/svg"/>',
];

const NOT_IMAGES = [
  '<!doctype html><script>alert(1)</script>',
  'alert(1)',
  '%PDF-1.7\n%%EOF',
  'PK\u0003\u0004zip',
  '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
  'GIF89a=1;alert(1)//',
  '\u0000\u0000\u0000\u001cftypavif<svg onload=alert(1)>',
  '',
];

/** Stores an object under a key of its own, whatever S3 says that it is, and has it fetched. */
async function fetchObject(server: TestServer, key: string, bytes: Buffer | string, contentType = 'image/png') {
  server.bucket.server.put('photos', key, Buffer.from(bytes), { contentType });
  return server.prefetch(await server.bucket.presign(key), 'x');
}

describeEveryMode(
  (add, mode) => {
    add('T12', 'any filename comes back as it was, and is no file’s name', async (server) => {
      for (const [n, filename] of FILENAMES.entries()) {
        server.bucket.server.put('photos', `names/${n}.jpg`, await jpeg(n));
        const result = await server.prefetch(await server.bucket.presign(`names/${n}.jpg`), filename);
        const local_path = expect.stringMatching(/^\.image-cache\/images\/0001\/0001_[0-9a-f]{16}_[0-9a-f]{32}\.jpg$/);
        expect(result, filename).toMatchObject({ entry: { filename, local_path } });
      }
    });

    add('T12', 'an actor id that means something to a file system is stored under its hash', async (server) => {
      for (const actorId of ['CON', '..x', 'a.', 'é', 'e\u0301', 'A b', '~', '-rf', '%2e%2e', 'x'.repeat(256)]) {
        const images = [{ s3_url: server.picture.url, filename: 'a' }];
        const { status } = await server.json('/prefetch', { actor_id: actorId, images });
        expect(status, actorId).toBe(200);
        const answer = await server.send('GET', `/manifest?actor_id=${encodeURIComponent(actorId)}`);
        const [entry] = Object.values((jsonOf(answer) as Manifest).entries);
        expect(entry?.local_path, actorId).toBe(server.picture.entry.local_path);
      }
    });

    add('T13', 'SVG is refused', async (server) => {
      for (const [n, svg] of SVGS.entries()) {
        for (const type of ['image/svg+xml', 'image/png']) {
          const result = await fetchObject(server, `svg/${n}`, svg, type);
          expect(result, svg).toMatchObject({
            error: { code: expect.stringMatching(/UNSUPPORTED_TYPE|NOT_AN_IMAGE/) },
          });
          const { status } = await server.send('GET', imageUrl(await server.bucket.presign(`svg/${n}`)));
          expect(status, svg).toBe(502);
        }
      }
      expect(JSON.stringify(await server.manifest())).not.toContain('/svg/');
    });

    add('T14', 'what only claims to be an image is not stored', async (server) => {
      for (const [n, bytes] of NOT_IMAGES.entries()) {
        const result = await fetchObject(server, `fake/${n}`, bytes);
        expect(result, bytes).toMatchObject({ error: { code: expect.stringMatching(/NOT_AN_IMAGE|UPSTREAM_/) } });
      }
      expect(JSON.stringify(await server.manifest())).not.toContain('/fake/');
    });

    add('T14', 'an image with something behind it is nothing but an image to a browser', async (server) => {
      const tail = Buffer.concat([await jpeg(99), Buffer.from('<script>alert(1)</script>')]);
      const result = await fetchObject(server, 'tail.jpg', tail, 'text/html');
      if (result.status === 'failed') return expect(result.error.code).toMatch(/NOT_AN_IMAGE|UPSTREAM_TRUNCATED/);
      const { headers } = await server.send('GET', `/image?path=${result.entry.local_path}`);
      expect(headers['content-type']).toBe('image/jpeg');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
    });

    // The memory tier would answer without looking at the file; these are read from disk for the first time.
    const replacements: [string, (path: string, server: TestServer) => Promise<unknown>][] = [
      ['a link out of the cache', (path, { root }) => symlink(join(root, 'canary.png'), path)],
      ['a link to itself', (path) => symlink(path, path)],
      ['a hard link to a file outside', (path, { root }) => link(join(root, 'canary.png'), path)],
      ['a FIFO', (path) => run('mkfifo', [path])],
      ['a directory', (path) => mkdir(path)],
      ['other bytes', (path) => jpeg(7).then((bytes) => writeFile(path, bytes))],
    ];
    for (const [n, [what, plant]] of replacements.entries()) {
      add('T15', `an image that became ${what} is never served, and comes back`, async (server) => {
        const key = `swapped/${n}.jpg`;
        const bytes = await jpeg(200 + n);
        const result = await fetchObject(server, key, bytes);
        if (result.status === 'failed') throw new Error(result.error.detail);
        const path = join(server.root, result.entry.local_path);
        await rm(path);
        await plant(path, server);
        const { status, text } = await server.send('GET', `/image?path=${result.entry.local_path}`);
        expect(`${status} ${text}`).toMatch(/^404 .*"CACHE_CORRUPT"/);
        const again = await server.send('GET', imageUrl(await server.bucket.presign(key)));
        expect([again.status, again.headers['x-cache']]).toEqual([200, 'MISS']);
        expect(Buffer.from(again.text, 'latin1').equals(bytes)).toBe(true);
      });
    }

    add('T15', 'what is put into the directory is no image of ours', async (server) => {
      const folder = join(server.cacheDir, 'images', '0001');
      await symlink(join(server.root, 'canary.png'), join(folder, 'link.png'));
      await run('mkfifo', [join(folder, 'fifo.png')]);
      await writeFile(join(folder, `0001_${'0'.repeat(16)}_${'0'.repeat(32)}.png`), await jpeg(7));
      for (const name of ['link.png', 'fifo.png', `0001_${'0'.repeat(16)}_${'0'.repeat(32)}.png`]) {
        const { status } = await server.send('GET', `/image?path=.image-cache/images/0001/${name}`);
        expect(status, name).toBe(404);
      }
      expect((await server.send('POST', '/verify')).status, mode.name).toBe(200);
      // A verification puts aside what cannot be ours; links and FIFOs it leaves alone, and follows none.
      for (const name of ['link.png', 'fifo.png']) await rm(join(folder, name), { force: true });
    });
  },
  { options: { memory: false } },
);
