import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ExpressImageCacheOptions } from '../../plugin/express.ts';
import type { CacheStats, Manifest, Problem } from '../../plugin/protocol.ts';
import { bomb, photo } from '../helpers/pictures.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const CHROMIUM = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="24"><rect width="9" height="9"/></svg>';

const landscape = await photo(800, 600).jpeg({ quality: 90 }).toBuffer();

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const problemOf = async (response: Response) => (await response.json()) as Problem;

async function start(options: Partial<ExpressImageCacheOptions> = {}, picture?: Buffer) {
  const bucket = await startBucket();
  const original = picture ?? landscape;
  bucket.server.put('photos', 'a', original);
  const api = await startApi(bucket, options);
  const url = imageUrl(await bucket.presign('a'));
  const get = (query: string, headers: Record<string, string> = {}) => api.get(url + query, headers);
  return { api, bucket, original, url, get };
}

describe('GET /image with w, h, fit, format and q', () => {
  it('answers with a variant, made from one download', async () => {
    const { api, bucket, get, original } = await start();
    const answer = await get('&w=320&format=webp');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/webp');
    expect(answer.headers.get('x-cache')).toBe('MISS');
    expect(answer.headers.get('cache-status')).toBe('image-cache; fwd=miss; stored; detail=variant-made');
    expect(answer.headers.get('vary')).toBeNull();
    const body = await bytesOf(answer);
    expect(answer.headers.get('etag')).toBe(`"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`);
    expect((await sharp(body).metadata()).width).toBe(384); // the next larger of the configured
    expect(body.length).toBeLessThan(original.length);

    const again = await get('&w=384&format=webp');
    expect(again.headers.get('x-cache')).toBe('HIT');
    expect(again.headers.get('cache-status')).toBe('image-cache; hit; detail=variant-memory');
    expect((await bytesOf(again)).equals(body)).toBe(true);
    expect(bucket.server.stats.gets).toBe(1);
    const { variants } = (await (await api.get('/stats')).json()) as CacheStats;
    expect(variants).toEqual({ count: 1, size_bytes: body.length, made: 1, hits: 1, failed: 0 });
  });

  it('by path, a variant may be cached for ever', async () => {
    const { api, get } = await start();
    await bytesOf(await get(''));
    const [entry] = Object.values(((await (await api.get('/manifest')).json()) as { entries: object }).entries) as {
      local_path: string;
    }[];
    const answer = await api.get(`/image?path=${entry?.local_path}&w=64`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await sharp(await bytesOf(answer)).metadata()).width).toBe(64);
    expect((await get('&w=64')).headers.get('cache-control')).toBe('no-cache');
  });

  it.each([
    [CHROMIUM, 'image/avif'],
    ['image/webp,*/*', 'image/webp'],
    ['image/avif;q=0, image/webp', 'image/webp'],
    ['IMAGE/WEBP ; q=0.5', 'image/webp'],
    ['image/*,*/*;q=0.8', 'image/jpeg'],
    ['*/*', 'image/jpeg'],
    ['image/png', 'image/jpeg'],
  ])('format=auto for `Accept: %s` is %s, with `Vary`', async (accept, type) => {
    const { get } = await start();
    const answer = await get('&w=128', { Accept: accept });
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('vary')).toBe('Accept');
    expect((await get('&w=128&format=auto', { Accept: accept })).headers.get('etag')).toBe(answer.headers.get('etag'));
    const unchanged = await get('&w=128', { Accept: accept, 'If-None-Match': answer.headers.get('etag') ?? '' });
    expect([unchanged.status, unchanged.headers.get('vary')]).toEqual([304, 'Accept']);
  });

  it('keeps other names in `Vary`', async () => {
    const { get } = await start({ allowedOrigins: ['https://admin.example.com'] });
    expect((await get('&w=128')).headers.get('vary')).toBe('Origin, Accept');
  });

  it('chooses from the configured formats only', async () => {
    const { get } = await start({ images: { formats: ['webp'] } });
    expect((await get('&w=128', { Accept: CHROMIUM })).headers.get('content-type')).toBe('image/webp');
    expect((await get('&w=128&format=avif')).headers.get('content-type')).toBe('image/avif');
  });

  it('answers ranges, HEAD and 304 as for any image', async () => {
    const { api, get, url } = await start();
    const whole = await bytesOf(await get('&w=256&format=webp'));
    const part = await get('&w=256&format=webp', { Range: 'bytes=10-19' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${whole.length}`]);
    expect((await bytesOf(part)).equals(whole.subarray(10, 20))).toBe(true);
    expect((await get('&w=256&format=webp', { Range: `bytes=${whole.length}-` })).status).toBe(416);
    const head = await fetch(`${api.base}${url}&w=256&format=webp`, { method: 'HEAD' });
    expect([head.headers.get('content-length'), (await bytesOf(head)).length]).toEqual([String(whole.length), 0]);
    const etag = head.headers.get('etag') ?? '';
    expect((await get('&w=256&format=webp', { 'If-None-Match': etag })).status).toBe(304);
    const original = (await get('')).headers.get('etag');
    expect(original).not.toBe(etag);
  });

  it.each([
    ['&w=1', [16, 12]],
    ['&w=100', [128, 96]],
    ['&h=100', [171, 128]],
    ['&w=99999', [800, 600]],
    ['&w=200&h=200&fit=cover', [256, 256]],
    ['&w=200&h=200&fit=contain', [256, 256]],
    ['&w=200&h=200&fit=inside', [256, 192]],
    ['&w=200&h=200', [256, 192]],
    ['&w=200&fit=cover', [256, 192]],
  ])('%s of 800 × 600 is %o', async (query, size) => {
    const { get } = await start();
    const { width, height } = await sharp(await bytesOf(await get(`${query}&format=webp`))).metadata();
    expect([width, height]).toEqual(size);
  });

  it('makes only a few, however many sizes and qualities are requested', async () => {
    const { api, get } = await start({ images: { widths: [64, 128], quality: 75 } });
    for (let w = 60; w <= 80; w += 1) await get(`&w=${w}&format=webp`);
    for (let q = 75; q <= 84; q += 1) await get(`&w=64&format=webp&q=${q}`);
    const { variants } = (await (await api.get('/stats')).json()) as CacheStats;
    expect(variants.made).toBe(3); // 64 and 128 at 75; 64 at 80
  });

  it.each([
    'w=0',
    'w=-1',
    'w=1.5',
    'w=1e3',
    'w=+5',
    'w=',
    'w=abc',
    'w=1000000',
    'h=0',
    'q=0',
    'q=101',
    'q=x',
    'fit=fill',
    'fit=',
    'format=gif',
    'format=',
    'format=__proto__',
    'w=64&w=65',
  ])('?%s is refused', async (query) => {
    const { bucket, get } = await start();
    const answer = await get(`&${query}`);
    expect(answer.status).toBe(400);
    expect(await problemOf(answer)).toMatchObject({ code: 'INVALID_VARIANT' });
    expect(bucket.server.stats.gets).toBe(0);
  });

  it('T42: a decompression bomb is stored and served undecoded, and no variant is made of it', async () => {
    const { api, get, original } = await start({}, bomb(50_000, 50_000));
    expect((await bytesOf(await get(''))).equals(original)).toBe(true);
    expect((await bytesOf(await get('&w=64'))).equals(original)).toBe(true);
    const refused = await get('&w=64&format=webp');
    expect(refused.status).toBe(422);
    const problem = await problemOf(refused);
    expect(problem).toMatchObject({ code: 'TOO_MANY_PIXELS', title: 'Unprocessable Content' });
    expect(problem.hint).toContain('original');
    expect((await api.get('/stats')).status).toBe(200);
  });

  describe('B12: a cached picture of which no variant can be made is sent as it is', () => {
    const flat = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: 'teal' } });
    const tall = () => flat(1000, 20_000).jpeg().toBuffer();

    it.each([
      ['too long for WebP and AVIF', tall, '&w=1080', 'image/jpeg', 'original'],
      ['too long, and made smaller in its own format', tall, '&w=828', 'image/jpeg', 'variant-made'],
      ['too many pixels', () => bomb(12_000, 12_000), '&w=640', 'image/png', 'original-too-many-pixels'],
      [
        'too many pixels, without a size',
        () => bomb(12_000, 12_000),
        '&format=auto',
        'image/png',
        'original-too-many-pixels',
      ],
    ])('%s', async (_, picture, query, type, detail) => {
      const { api, get, original } = await start({}, await picture());
      await bytesOf(await get(''));
      const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
      const [{ local_path } = { local_path: '' }] = Object.values(entries);
      for (const ask of [
        get,
        (more: string, headers: object) => api.get(imagePath(local_path) + more, { ...headers }),
      ]) {
        const answer = await ask(query, { Accept: CHROMIUM });
        expect([answer.status, answer.headers.get('content-type'), answer.headers.get('vary')]).toEqual([
          200,
          type,
          'Accept',
        ]);
        const body = await bytesOf(answer);
        if (detail === 'variant-made') expect((await sharp(body).metadata()).width).toBe(828);
        else expect(answer.headers.get('cache-status')).toBe(`image-cache; hit; detail=${detail}`);
        expect(body.equals(original)).toBe(detail !== 'variant-made');
      }
      const { variants } = (await (await api.get('/stats')).json()) as CacheStats;
      expect(variants.failed).toBe(0);
    });

    it('if a format was requested by name, it is refused with the reason', async () => {
      const { get } = await start({}, await tall());
      const refused = await get('&w=1080&format=webp');
      expect([refused.status, await problemOf(refused)]).toMatchObject([422, { code: 'TOO_MANY_PIXELS' }]);
    });
  });

  it.each(['url', 'path'])('clients that disconnect (by %s) do not delay others, and cause no warning', async (by) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { api, get, url } = await start({ logLevel: 'warn' }, await photo(1600, 1066).jpeg().toBuffer());
    await bytesOf(await get(''));
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    const [{ local_path } = { local_path: '' }] = Object.values(entries);
    const asked = by === 'url' ? url : imagePath(local_path);
    const left = new AbortController();
    const scrolledPast = [640, 750, 828, 1080, 1200, 1920].flatMap((w) =>
      [20, 30, 40, 50, 60, 70, 80, 90].map((q) =>
        fetch(`${api.base}${asked}&w=${w}&format=avif&q=${q}`, { signal: left.signal }),
      ),
    );
    await Promise.any(scrolledPast);
    left.abort();
    await Promise.allSettled(scrolledPast);
    const variants = async () => ((await (await api.get('/stats')).json()) as CacheStats).variants;
    expect((await api.get(`${asked}&w=256&format=webp`)).status).toBe(200);
    const { made } = await variants();
    expect(made, 'of 49').toBeLessThan(20);
    for (const q of [10, 20, 30, 40, 50, 60, 70, 80]) await bytesOf(await api.get(`${asked}&w=64&format=webp&q=${q}`));
    const later = await variants();
    expect(later.made, 'these, and one that may have been running still').toBeLessThanOrEqual(made + 8 + 1);
    expect(later.failed).toBe(0);
    expect(warn.mock.calls).toEqual([]);
  });

  it('SVG is served as it is, sandboxed', async () => {
    const { get, original } = await start({ allowSvg: true }, Buffer.from(SVG));
    const answer = await get('&w=64&format=png');
    expect(answer.headers.get('content-type')).toBe('image/svg+xml');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename=/);
    expect(answer.headers.get('cache-status')).toBe('image-cache; fwd=miss; stored; detail=original');
    expect((await bytesOf(answer)).equals(original)).toBe(true);
  });

  it('T24: `authorize` is called before a variant is made', async () => {
    let allowed = false;
    const { api, get } = await start({ authorize: () => allowed });
    expect((await get('&w=64')).status).toBe(403);
    expect((await get('&w=128')).status).toBe(403);
    expect(((await (await api.get('/stats')).json()) as CacheStats).variants.made).toBe(0);
    allowed = true;
    expect((await get('&w=64')).status).toBe(200);
  });

  it('T7: another site may not use it', async () => {
    const { api, get } = await start();
    expect((await get('&w=64', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect(((await (await api.get('/stats')).json()) as CacheStats).variants.made).toBe(0);
  });
});

describe('the option `images`', () => {
  it.each<[object, string]>([
    [{ widths: [] }, 'option `images.widths` must be at least one width in pixels; got an array of 0.'],
    [{ widths: [0] }, 'option `images.widths.0` must be a whole number of pixels, from 1 to 16384; got 0.'],
    [{ widths: [64.5] }, 'option `images.widths.0` must be a whole number of pixels, from 1 to 16384; got 64.5.'],
    [{ formats: ['gif'] }, "option `images.formats.0` must be 'avif' or 'webp'; got 'gif'."],
    [{ quality: 0 }, 'option `images.quality` must be a whole number from 1 to 100; got 0.'],
    [{ quality: Number.NaN }, 'option `images.quality` must be a whole number from 1 to 100; got NaN.'],
    [{ placeholder: 'blur' }, "option `images.placeholder` must be true or false; got 'blur'."],
    [{ width: 5 }, 'there is no option `images.width`.'],
  ])('%o is refused by name', async (images, message) => {
    const bucket = await startBucket();
    await expect(startApi(bucket, { images })).rejects.toThrow(message);
  });
});
