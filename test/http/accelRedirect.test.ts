import { expect, it } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

// What nginx makes of these answers is in test/e2e/nginxSendFile.test.ts.

const SECRET = 'a-secret-of-enough-characters';
const BY_NGINX = { 'Image-Cache-Nginx': SECRET };

async function start(options: Parameters<typeof startApi>[1] = {}) {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1, { width: 640, height: 400 }));
  const api = await startApi(bucket, { nginx: { location: '/_image-cache/', secret: SECRET }, ...options });
  const result = await api.images.cache.prefetch({ s3_url: await bucket.presign('a.jpg') }, '0001');
  if (!('entry' in result)) throw new Error(JSON.stringify(result));
  const { entry } = result;
  const file = `/_image-cache/${entry.local_path.slice(entry.local_path.indexOf('images/'))}`;
  return { api, bucket, entry, path: imagePath(entry.local_path), url: imageUrl(entry.s3_url), file };
}

it('an image is answered with the name of its file: public or private, by path or URL, in memory or not', async () => {
  for (const authorize of [undefined, () => true]) {
    for (const memory of [undefined, false] as const) {
      const { api, path, url, file, entry } = await start({
        ...(authorize && { authorize }),
        ...(memory === false && { memory }),
      });
      for (const target of [path, url, `${url}&revalidate=true`]) {
        const answer = await api.get(target, BY_NGINX);
        expect([answer.status, await answer.text()], target).toEqual([204, '']);
        expect(answer.headers.get('x-accel-redirect'), target).toBe(file);
        expect(answer.headers.get('etag')).toBe(`"${entry.sha256}"`);
        expect(answer.headers.get('content-type')).toBe('image/jpeg');
        expect(answer.headers.get('content-length')).toBeNull();
        expect(answer.headers.get('cache-control')).toBe(
          authorize ? 'private, no-cache' : target === path ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      }
    }
  }
});

it('an image that is being downloaded or made is answered with its bytes', async () => {
  const { api, bucket, path } = await start();
  bucket.server.put('photos', 'b.jpg', await jpeg(2));
  const targets = [imageUrl(await bucket.presign('b.jpg')), `${path}&w=64&format=webp`];
  for (const target of targets) {
    const first = await api.get(target, BY_NGINX);
    expect([first.status, first.headers.get('x-accel-redirect')], target).toEqual([200, null]);
    expect((await first.arrayBuffer()).byteLength).toBeGreaterThan(0);
    const second = await api.get(target, BY_NGINX);
    expect([second.status, second.headers.get('x-accel-redirect')?.split('/')[1]], target).toEqual([
      204,
      '_image-cache',
    ]);
  }
});

it('without the option, the header means nothing', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const api = await startApi(bucket);
  const url = imageUrl(await bucket.presign('a.jpg'));
  for (let turn = 0; turn < 2; turn += 1) {
    const answer = await api.get(url, BY_NGINX);
    expect([answer.status, answer.headers.get('x-accel-redirect')]).toEqual([200, null]);
    await answer.arrayBuffer();
  }
});
