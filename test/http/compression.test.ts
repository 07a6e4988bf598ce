import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import type { ExpressImageCacheOptions } from '../../plugin/express.ts';
import type { CacheStats, Manifest, ManifestEntry } from '../../plugin/protocol.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { photo } from '../helpers/pictures.ts';
import { refusal } from '../helpers/source.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

async function start(options: Partial<ExpressImageCacheOptions> = {}) {
  const bucket = await startBucket();
  const original = await photo(800, 600).jpeg({ quality: 95 }).toBuffer();
  bucket.server.put('photos', 'a.jpg', original);
  const api = await startApi(bucket, options);
  const url = imageUrl(await bucket.presign('a.jpg'));
  const entry = async (): Promise<ManifestEntry | undefined> => {
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    return Object.values(entries)[0];
  };
  return { api, bucket, original, url, entry };
}

describe("images: { store: 'webp' }", () => {
  it('streams the original to the first request, and sends WebP to later requests', async () => {
    const { api, bucket, original, url, entry } = await start({ images: { store: 'webp' }, revalidate: '1h' });
    const first = await api.get(url);
    expect(first.headers.get('cache-status')).toBe('image-cache; fwd=miss; detail=streamed');
    expect(first.headers.get('content-type')).toBe('image/jpeg');
    expect(Buffer.from(await first.arrayBuffer()).equals(original)).toBe(true);

    await vi.waitFor(async () => expect((await entry())?.content_type).toBe('image/webp'), 20_000);
    const stored = await entry();
    const second = await api.get(url);
    const bytes = Buffer.from(await second.arrayBuffer());
    expect([second.headers.get('content-type'), second.headers.get('x-cache')]).toEqual(['image/webp', 'HIT']);
    expect(second.headers.get('etag')).toBe(`"${stored?.sha256}"`);
    expect((await sharp(bytes).metadata()).format).toBe('webp');
    const byPath = await api.get(imagePath(stored?.local_path ?? ''));
    expect(Buffer.from(await byPath.arrayBuffer()).equals(bytes)).toBe(true);
    expect(bytes.length).toBeLessThan(original.length);

    const { compression } = (await (await api.get('/stats')).json()) as CacheStats;
    const saved_bytes = original.length - bytes.length;
    expect(compression).toEqual({
      images: 1,
      original_bytes: original.length,
      stored_bytes: bytes.length,
      saved_bytes,
    });

    const asked = await api.get(`${url}&revalidate=true`);
    expect([asked.headers.get('x-cache'), asked.headers.get('content-type')]).toEqual(['REVALIDATED', 'image/webp']);
    expect((await entry())?.local_path).toBe(stored?.local_path);
    expect(bucket.server.stats.gets).toBe(2); // the second without a body
  });

  it('is not the default', () => {
    expect(resolveOptions({ buckets: ['photos'] }).images.store).toBe('original');
  });

  it('lists the accepted values', async () => {
    const images = { store: 'avif' } as unknown as NonNullable<ExpressImageCacheOptions['images']>; // wrong on purpose
    const { code, message } = await refusal(() => resolveOptions({ buckets: ['photos'], images }));
    expect([code, message]).toEqual([
      'INVALID_OPTION',
      "imageCache: option `images.store` must be 'original', 'webp' or 'webp-lossy'; got 'avif'.",
    ]);
  });
});

describe('with `authorize`, a variant', () => {
  it('of an image that was not cached is a miss, once', async () => {
    const asked: string[] = [];
    const { api, url } = await start({ authorize: (_, { s3_url }) => asked.push(s3_url) > 0 });
    const first = await api.get(`${url}&w=256`);
    expect([first.status, first.headers.get('x-cache'), first.headers.get('server-timing')?.split(',')[0]]).toEqual([
      200,
      'MISS',
      's3',
    ]);
    await first.arrayBuffer();
    expect((await api.get(`${url}&w=256`)).headers.get('x-cache')).toBe('HIT');
    expect(asked.length).toBeGreaterThanOrEqual(2);
    const { misses, hits } = (await (await api.get('/stats')).json()) as CacheStats;
    expect([misses, hits]).toEqual([1, { memory: 1, disk: 0 }]);
  });

  it('is not made for a request that may not see the image', async () => {
    const { api, url } = await start({ authorize: () => false });
    for (let n = 0; n < 2; n++) expect((await api.get(`${url}&w=256`)).status).toBe(403);
    const { variants } = (await (await api.get('/stats')).json()) as CacheStats;
    expect(variants).toMatchObject({ made: 0, count: 0 });
  });
});
