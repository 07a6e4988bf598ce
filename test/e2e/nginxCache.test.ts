import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { hasNginx } from '../helpers/nginx.ts';
import { imageUrl } from '../helpers/stack.ts';
import { type BehindNginx, startBehindNginx } from './behindNginx.ts';

/** nginx with `proxy_cache`, set up by the text of docs/cdn.md, which also keeps what says nothing about caching. */
function start(settings: Omit<Parameters<typeof startBehindNginx>[0], 'recipe' | 'change'> = {}): Promise<BehindNginx> {
  const change = (text: string) =>
    text.replace('proxy_cache images;', 'proxy_cache images; proxy_cache_valid any 10m;');
  return startBehindNginx({ ...settings, recipe: 'proxy_cache', change });
}

/** How many requests reach the app while these run. */
async function reaching({ asked }: BehindNginx, requests: () => Promise<unknown>): Promise<number> {
  const before = asked.length;
  await requests();
  return asked.length - before;
}

if (hasNginx()) {
  describe('behind nginx with proxy_cache', () => {
    it('an image by path is served by nginx alone from the second time on, also in part, by HEAD and with a condition', async () => {
      const site = await start();
      const bytes = await jpeg(1);
      const { path, entry } = await site.store('a.jpg', bytes);
      const first = await site.get(path);
      expect([first.status, first.body.equals(bytes)]).toEqual([200, true]);
      expect(first.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(first.headers['cdn-cache-control']).toBeUndefined();
      expect(first.headers.vary).toBeUndefined();

      const etag = `"${entry.sha256}"`;
      expect(first.headers.etag).toBe(etag);
      const again = await reaching(site, async () => {
        const second = await site.get(path, { Cookie: 'session=another' });
        expect([second.status, second.body.equals(bytes)]).toEqual([200, true]);
        expect(second.headers).toMatchObject({
          'content-type': 'image/jpeg',
          'x-content-type-options': 'nosniff',
          etag,
        });
        const part = await site.get(path, { Range: 'bytes=10-19' });
        expect([part.status, part.body.equals(bytes.subarray(10, 20))]).toEqual([206, true]);
        expect(part.headers['content-range']).toBe(`bytes 10-19/${bytes.length}`);
        const sameRange = await site.get(path, { Range: 'bytes=10-19', 'If-Range': etag });
        expect(sameRange.status).toBe(206);
        const otherRange = await site.get(path, { Range: 'bytes=10-19', 'If-Range': '"another"' });
        expect([otherRange.status, otherRange.body.length]).toEqual([200, bytes.length]);
        expect((await site.get(path, { Range: `bytes=${bytes.length}-` })).status).toBe(416);
        const head = await site.get(path, {}, 'HEAD');
        expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, String(bytes.length)]);
        expect((await site.get(path, { 'If-None-Match': etag })).status).toBe(304);
        expect((await site.get(path, { 'If-None-Match': '"another"' })).status).toBe(200);
      });
      expect(again).toBe(0);
    });

    it.each([
      ['a HEAD', {}, 'HEAD'],
      ['a part', { Range: 'bytes=0-4' }, 'GET'],
      ['a condition', { 'If-None-Match': '"another"' }, 'GET'],
    ])('%s that comes first leaves the whole image with nginx', async (_, headers, method) => {
      const site = await start();
      const bytes = await jpeg(1);
      const { path } = await site.store('a.jpg', bytes);
      await site.get(path, headers, method);
      expect(
        await reaching(site, async () => {
          const answer = await site.get(path);
          expect([answer.status, answer.body.equals(bytes)]).toEqual([200, true]);
        }),
      ).toBe(0);
    });

    it('a private image is never shared: `authorize` is asked each time, and who is refused gets nothing', async () => {
      const site = await start({
        options: { authorize: (request) => request.headers.cookie === 'session=owner' },
      });
      const { path, entry } = await site.store('private/a.jpg', await jpeg(1));
      const url = imageUrl(entry.s3_url);
      for (const target of [path, `${path}&w=32`, url, `${url}&w=32`]) {
        for (let turn = 0; turn < 2; turn += 1) {
          const owner = await site.get(target, { Cookie: 'session=owner' });
          expect([owner.status, owner.headers['cache-control']], target).toEqual([200, 'private, no-cache']);
          const stranger = await site.get(target, { Cookie: 'session=stranger' });
          expect([stranger.status, stranger.headers['cache-control']], target).toEqual([403, 'no-store']);
          const etag = String(owner.headers.etag);
          expect((await site.get(target, { 'If-None-Match': etag })).status, 'nor learns whether it has changed').toBe(
            403,
          );
        }
      }
    });

    it('an error is never kept: 400, 403, 404, 405 and 5xx', async () => {
      let isBroken = true;
      const site = await start({
        options: {
          authorize: (request) => {
            if (request.headers['x-broken'] === 'yes') throw new Error('the session store is away');
            return !isBroken;
          },
        },
      });
      const { path } = await site.store('a.jpg', await jpeg(1));
      expect((await site.get(path)).status).toBe(403);
      isBroken = false;
      const errors: [number, string, Record<string, string>?][] = [
        [400, '/image?path='],
        [400, `${path}&w=none`],
        [404, '/image?path=.image-cache/images/0001/none.jpg'],
        [404, imageUrl('s3://photos/none.jpg')],
        [404, '/elsewhere'],
        [403, imageUrl('https://elsewhere.example/a.jpg')],
        [405, '/clear-all'],
        [500, `${path}&v=1`, { 'X-Broken': 'yes' }],
      ];
      for (const [status, target, headers] of errors) {
        const reached = await reaching(site, async () => {
          for (let turn = 0; turn < 2; turn += 1) {
            const answer = await site.get(target, headers);
            expect([answer.status, answer.headers['cache-control']], target).toEqual([status, 'no-store']);
          }
        });
        expect(reached, target).toBe(2);
      }
      expect((await site.get(path)).status, 'and the image is there again').toBe(200);
    });

    it('an image by URL, and what is no image, is asked for each time', async () => {
      const site = await start();
      const { entry } = await site.store('a.jpg', await jpeg(1));
      site.bucket.server.put('photos', 'new.jpg', await jpeg(2));
      const targets = [
        imageUrl(entry.s3_url),
        imageUrl(await site.bucket.presign('new.jpg')), // streamed while it arrives
        `${imageUrl(entry.s3_url)}&w=32`,
        `/exists?url=${encodeURIComponent(entry.s3_url)}`,
        '/manifest',
        '/stats',
      ];
      for (const target of targets) {
        const reached = await reaching(site, async () => {
          for (let turn = 0; turn < 2; turn += 1) expect((await site.get(target)).status, target).toBe(200);
        });
        expect(reached, target).toBe(2);
      }
    });

    it('`Vary: Accept` is on variants whose format is chosen by it, so that each browser gets what it reads', async () => {
      const site = await start();
      const original = await sharp({ create: { width: 640, height: 400, channels: 3, background: '#269' } })
        .jpeg()
        .toBuffer();
      const { path } = await site.store('a.jpg', original);
      const types = async (target: string) => {
        const answers = [];
        for (const accept of ['image/avif,image/webp,*/*', 'image/webp,*/*', '*/*'])
          answers.push(await site.get(target, { Accept: accept }));
        return answers.map(({ headers, status }) => [status, headers['content-type'], headers.vary]);
      };
      for (const target of [`${path}&w=64`, `${path}&w=64&format=auto`]) {
        const negotiated = [
          [200, 'image/avif', 'Accept'],
          [200, 'image/webp', 'Accept'],
          [200, 'image/jpeg', 'Accept'],
        ];
        expect(await types(target)).toEqual(negotiated);
        expect(await reaching(site, async () => expect(await types(target)).toEqual(negotiated))).toBe(0);
      }
      for (const [target, type] of [
        [`${path}&w=64&format=webp`, 'image/webp'],
        [path, 'image/jpeg'],
      ] as const) {
        const named = Array.from({ length: 3 }, () => [200, type, undefined]);
        expect(await reaching(site, async () => expect(await types(target)).toEqual(named))).toBe(1);
      }
    });

    it('a page of another origin and our own do not get each other’s answer', async () => {
      const origin = 'https://admin.example.com';
      const site = await start({ options: { allowedOrigins: [origin] } });
      const { path } = await site.store('a.jpg', await jpeg(1));
      for (const target of [path, `${path}&w=32`]) {
        for (let turn = 0; turn < 2; turn += 1) {
          const own = await site.get(target, { Accept: 'image/webp' });
          expect([own.headers['access-control-allow-origin'], own.headers['cross-origin-resource-policy']]).toEqual([
            undefined,
            'same-origin',
          ]);
          const other = await site.get(target, { Accept: 'image/webp', Origin: origin });
          expect(other.headers['access-control-allow-origin'], `${target} turn ${turn}`).toBe(origin);
        }
      }
      const answer = await site.getDirectly(`${path}&w=32`);
      expect(answer.headers.vary).toBe('Origin, Accept');
    });

    it('an answer to which the app adds a cookie is not kept, and no cookie is given to another browser', async () => {
      let session = 0;
      const site = await start({
        middleware: (_request, response, next) => {
          response.setHeader('Set-Cookie', `session=${(session += 1)}`);
          next();
        },
      });
      const { path } = await site.store('a.jpg', await jpeg(1));
      const first = await site.get(path);
      const second = await site.get(path);
      expect([first.headers['set-cookie'], second.headers['set-cookie']]).toEqual([['session=1'], ['session=2']]);
    });
  });
}
