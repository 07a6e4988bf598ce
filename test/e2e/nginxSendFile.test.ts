import { appendFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { BlobStore } from '../../plugin/cache/files/blobStore.ts';
import type { ExpressImageCacheOptions } from '../../plugin/express.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { hasNginx } from '../helpers/nginx.ts';
import { RECIPE_SECRET as SECRET } from '../helpers/nginxRecipes.ts';
import { imageUrl } from '../helpers/stack.ts';
import { type BehindNginx, startBehindNginx } from './behindNginx.ts';

const OWNER = { Cookie: 'session=owner' };

interface SendingFiles extends BehindNginx {
  /** What `authorize` was asked about. */
  decisions: string[];
  /** Stores an image, and reads it once, which checks its file. */
  read(key: string, bytes: Buffer): Promise<{ entry: ManifestEntry; path: string }>;
  /** The answers of the app that named a file, since the last call. */
  named(): string[];
  fileOf(entry: ManifestEntry): string;
}

/** nginx with `X-Accel-Redirect`, set up by the text of docs/cdn.md. */
async function start(
  options: Partial<ExpressImageCacheOptions> = {},
  settings: Pick<Parameters<typeof startBehindNginx>[0], 'change' | 'workerUser'> = {},
): Promise<SendingFiles> {
  const decisions: string[] = [];
  const files: string[] = [];
  const site = await startBehindNginx({
    ...settings,
    recipe: 'X-Accel-Redirect',
    options: {
      authorize: (request, { key }) => {
        decisions.push(key);
        return request.headers.cookie === OWNER.Cookie;
      },
      nginx: { location: '/_image-cache/', secret: SECRET },
      ...options,
    },
    middleware: (_request, response, next) => {
      response.once('finish', () => {
        const file =
          response.getHeader('X-Accel-Redirect') ??
          /X-Accel-Redirect: (\S+)/.exec(String(Reflect.get(response, '_header')))?.[1];
        if (file !== undefined) files.push(String(file));
      });
      next();
    },
  });
  return {
    ...site,
    decisions,
    async read(key, bytes) {
      const stored = await site.store(key, bytes);
      expect((await site.get(stored.path, OWNER)).status).toBe(200);
      files.length = 0;
      return stored;
    },
    named: () => files.splice(0),
    fileOf: ({ local_path }) => join(site.cacheDir, local_path.slice(local_path.indexOf('images/'))),
  };
}

/** All that a client learns, but for what differs in any two answers. */
function shown({ status, headers, body }: Awaited<ReturnType<BehindNginx['get']>>) {
  const { date: _, server: __, connection: ___, 'keep-alive': ____, 'server-timing': _____, ...rest } = headers;
  if (status === 206) delete rest['accept-ranges']; // nginx does not repeat it there
  return { status, headers: rest, body: body.toString('base64') };
}

if (hasNginx()) {
  describe('nginx that sends the files', () => {
    it('sends what the server would have sent: bytes, parts and headers', async () => {
      const site = await start({ memory: false, allowedOrigins: ['https://admin.example.com'] });
      const bytes = await jpeg(1);
      const { entry, path } = await site.read('ünï "quoted" ; name.jpg', bytes);
      const asked: Record<string, string>[] = [
        {},
        { Range: 'bytes=10-19' },
        { Range: 'bytes=-5' },
        { Range: 'bytes=10-19', 'If-Range': `"${entry.sha256}"` },
        { Range: 'bytes=10-19', 'If-Range': '"another"' },
        { Range: 'bytes=10-' },
        { Range: 'bytes=0-1,5-6' },
        { 'If-None-Match': '"another"' },
        { 'If-Modified-Since': new Date().toUTCString() },
        { Origin: 'https://admin.example.com' },
      ];
      for (const headers of asked) {
        const ours = await site.getDirectly(path, { ...OWNER, ...headers });
        expect(site.named()).toEqual([]);
        const theirs = await site.get(path, { ...OWNER, ...headers });
        expect(site.named(), JSON.stringify(headers)).toEqual([
          `/_image-cache/${entry.local_path.slice(entry.local_path.indexOf('images/'))}`,
        ]);
        expect(shown(theirs), JSON.stringify(headers)).toEqual(shown(ours));
      }
      const url = imageUrl(entry.s3_url);
      expect(shown(await site.get(url, OWNER))).toEqual(shown(await site.getDirectly(url, OWNER)));
      expect(site.named()).toHaveLength(1);
    });

    it('leaves to the server what needs no bytes: 304, 412, 416, HEAD, and conditions on the time', async () => {
      const site = await start({ memory: false });
      const { entry, path } = await site.read('a.jpg', await jpeg(1));
      const etag = `"${entry.sha256}"`;
      const asked: [number, Record<string, string>, string?][] = [
        [304, { 'If-None-Match': etag }],
        [304, { 'If-None-Match': '*' }],
        [412, { 'If-Match': '"another"' }],
        [200, { 'If-Match': etag }],
        [200, { 'If-Unmodified-Since': new Date(0).toUTCString() }],
        [416, { Range: 'bytes=9999999-' }],
        [200, {}, 'HEAD'],
      ];
      for (const [status, headers, method] of asked) {
        const ours = await site.getDirectly(path, { ...OWNER, ...headers }, method);
        const theirs = await site.get(path, { ...OWNER, ...headers }, method);
        expect(theirs.status, JSON.stringify(headers)).toBe(status);
        expect(shown(theirs), JSON.stringify(headers)).toEqual(shown(ours));
      }
      expect(site.named()).toEqual([]);
    });

    it('asks `authorize` for each request, and who is refused gets no byte', async () => {
      const site = await start();
      const { path, entry } = await site.read('private/a.jpg', await jpeg(1));
      for (const target of [path, imageUrl(entry.s3_url), `${path}&w=32`]) {
        site.decisions.length = 0;
        for (let turn = 1; turn <= 3; turn += 1) {
          expect((await site.get(target, OWNER)).status).toBe(200);
          expect(site.decisions.length).toBeGreaterThanOrEqual(turn);
        }
        site.named();
        const refused = await site.get(target, { Cookie: 'session=stranger' });
        expect([refused.status, refused.headers['content-type']]).toEqual([
          403,
          'application/problem+json; charset=utf-8',
        ]);
        expect(site.named()).toEqual([]);
      }
    });

    it('no client can name a file, nor see how it is named', async () => {
      const site = await start();
      const { entry, path } = await site.read('a.jpg', await jpeg(1));
      const inside = entry.local_path.slice(entry.local_path.indexOf('images/'));
      const origin = site.nginx.origin;
      for (const target of [
        `/_image-cache/${inside}`,
        `/_image-cache/manifest.json`,
        `//_image-cache/${inside}`,
        `/api/../_image-cache/${inside}`,
      ])
        expect((await fetch(origin + target, { headers: { Host: 'app.example.com' } })).status, target).toBe(404);
      const answer = await site.get(path, OWNER);
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.headers)).not.toMatch(/accel|_image-cache|the-secret/i);
    });

    it('a request that did not come through nginx is answered with the bytes, whatever it claims', async () => {
      const site = await start();
      const bytes = await jpeg(1);
      const { path } = await site.read('a.jpg', bytes);
      for (const proof of [
        undefined,
        '',
        'failed',
        'x'.repeat(SECRET.length),
        SECRET.slice(1),
        `${SECRET}x`,
        `${SECRET}, ${SECRET}`,
      ]) {
        const answer = await site.getDirectly(path, {
          ...OWNER,
          ...(proof !== undefined && { 'Image-Cache-Nginx': proof }),
        });
        expect([answer.status, answer.body.equals(bytes), answer.headers['x-accel-redirect']], proof).toEqual([
          200,
          true,
          undefined,
        ]);
      }
      const claimed = await site.get(path, { ...OWNER, 'Image-Cache-Nginx': 'failed' });
      expect([claimed.body.equals(bytes), site.named().length], 'nginx replaces what a client sets').toEqual([true, 1]);
    });

    it('an nginx that does not take the header gives its client no empty image: 204', async () => {
      const site = await start(
        {},
        {
          change: (text) =>
            text
              .replace('keepalive 32;', '')
              .replace(
                'proxy_pass http://image_server;',
                'proxy_pass http://image_server; proxy_ignore_headers X-Accel-Redirect;',
              ),
        },
      );
      const { path } = await site.store('a.jpg', await jpeg(1));
      const answer = await site.get(path, OWNER);
      expect([answer.status, answer.headers['x-accel-redirect']]).toEqual([204, undefined]);
    });

    it('variants are sent as well, once they are made, and originals instead of them', async () => {
      const site = await start({ memory: false });
      const { path } = await site.read('a.jpg', await jpeg(1, { width: 640, height: 400 }));
      const headers = { ...OWNER, Accept: 'image/webp' };
      for (const target of [`${path}&w=64&format=webp`, `${path}&w=64`]) {
        const made = await site.get(target, headers);
        expect(made.status).toBe(200);
        site.named();
        const sent = await site.get(target, headers);
        expect(site.named()).toEqual([
          expect.stringMatching(/^\/_image-cache\/variants\/[0-9a-f]{64}\/[a-z0-9-]+_[0-9a-f]{32}\.webp$/),
        ]);
        expect(sent.body.equals(made.body)).toBe(true);
        expect(shown(sent)).toEqual(shown(await site.getDirectly(target, headers)));
        const part = await site.get(target, { ...headers, Range: 'bytes=2-4' });
        expect([part.status, part.body.equals(made.body.subarray(2, 5))]).toEqual([206, true]);
        const again = await site.get(target, { ...headers, 'If-None-Match': String(sent.headers.etag) });
        expect(again.status).toBe(304);
      }
      const asItIs = `${path}&w=3840&format=jpeg&q=100`;
      await site.get(asItIs, headers);
      site.named();
      await site.get(asItIs, headers);
      expect(site.named()).toEqual([expect.stringMatching(/\/(?:images|variants)\//)]);
    });

    it('counts what nginx sends: answers and bytes', async () => {
      const site = await start();
      const bytes = await jpeg(1);
      const { path } = await site.read('a.jpg', bytes);
      const measure = async () => {
        const { hits } = await site.images.cache.stats();
        const served = (await site.images.cache.metrics()).find(
          ({ name }) => name === 'image_cache_served_bytes_total',
        );
        const ofDisk = served?.samples.find(({ labels }) => labels?.['tier'] === 'disk');
        return { answers: hits.disk, bytes: Number(ofDisk?.value ?? 0) };
      };
      const before = await measure();
      for (let n = 0; n < 3; n += 1) await site.get(path, OWNER);
      const after = await measure();
      expect(site.named()).toHaveLength(3);
      expect(after).toEqual({ answers: before.answers + 3, bytes: before.bytes + 3 * bytes.length });
    });

    it('keeps its connection to the server, although the answers have no bytes', async () => {
      const site = await start();
      const { path } = await site.read('a.jpg', await jpeg(1));
      const before = site.connections();
      for (let n = 0; n < 5; n += 1) await site.get(path, OWNER);
      expect([site.named().length, site.connections()]).toEqual([5, before]);
    });

    it('a file that was replaced, changed or removed since it was checked is not sent by nginx', async () => {
      const site = await start({ memory: false });
      const bytes = await jpeg(1);
      const { path, entry } = await site.read('a.jpg', bytes);
      const file = site.fileOf(entry);
      const isSent = async () => {
        const answer = await site.get(path, OWNER);
        return { byNginx: site.named().length === 1, isRight: answer.body.equals(bytes), status: answer.status };
      };
      expect(await isSent()).toEqual({ byNginx: true, isRight: true, status: 200 });

      await rename(file, `${file}.kept`);
      await writeFile(file, bytes, { mode: 0o600 }); // another file with the right bytes: it is read first, and then sent
      expect(await isSent()).toEqual({ byNginx: false, isRight: true, status: 200 });
      expect(await isSent()).toEqual({ byNginx: true, isRight: true, status: 200 });

      await rm(file);
      await symlink(`${file}.kept`, file);
      expect(await isSent()).toMatchObject({ byNginx: false, isRight: false, status: 404 });

      const other = await site.read('b.jpg', await jpeg(2));
      await appendFile(site.fileOf(other.entry), 'more');
      const damaged = await site.get(other.path, OWNER);
      expect([damaged.status, site.named()]).toEqual([404, []]);
    });

    it('a file that goes between the check and nginx is asked for again: the server says that it is gone, or downloads it', async () => {
      const site = await start({ memory: false });
      const bytes = await jpeg(1);
      const { path, entry } = await site.read('a.jpg', bytes);
      afterCheck(() => rm(site.fileOf(entry)));
      const gone = await site.get(path, OWNER);
      expect([gone.status, site.named().length]).toEqual([404, 1]);
      expect(String(gone.headers['cache-control'])).toContain('no-store');

      const second = await site.read('b.jpg', bytes);
      afterCheck(() => rm(site.fileOf(second.entry)));
      const fetched = await site.get(imageUrl(second.entry.s3_url), OWNER);
      expect([fetched.status, fetched.body.equals(bytes), site.named().length]).toEqual([200, true, 1]);
    });

    it.each(['the file', 'its folder'] as const)(
      'a link that takes the place of %s after the check is not followed by nginx',
      async (place) => {
        const site = await start({ memory: false });
        const elsewhere = join(site.cacheDir, '..', 'elsewhere');
        const { path, entry } = await site.read('a.jpg', await jpeg(1));
        const file = site.fileOf(entry);
        const replaced = place === 'the file' ? file : dirname(file);
        afterCheck(async () => {
          await rename(replaced, elsewhere);
          await symlink(elsewhere, replaced);
        });
        const answer = await site.get(path, OWNER);
        expect([answer.status, answer.headers['content-type'], site.named().length]).toEqual([
          404,
          'application/problem+json; charset=utf-8',
          1,
        ]);
        expect(site.nginx.log()).toMatch(/Too many levels of symbolic links|Not a directory/);
      },
    );

    it.skipIf(process.getuid?.() !== 0)(
      'workers of another user cannot open the files: the server sends them, and the log says it once (only root can start such workers)',
      async () => {
        const warned: string[] = [];
        const logger = { info: () => undefined, warn: (message: string) => warned.push(message) };
        const site = await start({ memory: false, logLevel: 'warn', logger }, { workerUser: 'nobody nogroup' });
        const bytes = await jpeg(1);
        const { path } = await site.read('a.jpg', bytes);
        for (let n = 0; n < 2; n += 1) {
          const answer = await site.get(path, OWNER);
          expect([answer.status, answer.body.equals(bytes), site.named().length]).toEqual([200, true, 1]);
        }
        expect(warned.filter((line) => line.includes('nginx could not open a file'))).toHaveLength(1);
        expect(site.nginx.log()).toContain('Permission denied');
      },
    );
  });
}

/** Does something right after the cache has checked the next file, and before nginx opens it. */
function afterCheck(change: () => Promise<unknown>): void {
  const { checkedPath: check } = BlobStore.prototype;
  const spy = vi.spyOn(BlobStore.prototype, 'checkedPath').mockImplementation(async function (this: BlobStore, entry) {
    spy.mockRestore();
    const path = await check.call(this, entry);
    await change();
    return path;
  });
}
