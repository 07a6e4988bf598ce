import { describe, expect, it } from 'vitest';
import type { AuthorizedImage } from '../../plugin/options.ts';
import type { Manifest } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

/** A server with a private folder, and a hook that keeps it from all but its owner. */
async function startWithFolder(isAllowed: (image: AuthorizedImage) => boolean) {
  const bucket = await startBucket();
  bucket.server.put('photos', 'private/a.jpg', await jpeg(1));
  const told: AuthorizedImage[] = [];
  const api = await startApi(bucket, {
    authorize: (request, image) => {
      told.push(image);
      return request.headers['x-user'] === 'owner' || isAllowed(image);
    },
  });
  return { bucket, api, told, base: `${bucket.option.endpoint}/photos` };
}

/** Decides as the documentation recommends. */
const byKey = ({ bucket, key }: AuthorizedImage) => bucket === 'photos' && !key.startsWith('private/');

describe('S3: a hook that refuses a folder cannot be bypassed', () => {
  const spellings = [
    's3://photos/private/a.jpg',
    's3://photos/private%2Fa.jpg',
    's3://photos/private%2fa.jpg',
    's3://photos/%70rivate/a.jpg',
    's3://photos/private/a.jpg?response-cache-control=x',
    's3://photos/private/a.jpg?response-content-type=image%2Fpng',
    's3://photos/private/a.jpg?versionId=null',
    's3://photos/private/a.jpg?versionId=',
    's3://photos/private/a.jpg?',
    's3://photos/private/a.jpg?&x&y=',
    's3://photos//private/a.jpg',
    's3://photos/x/../private/a.jpg',
    's3://photos/./private/a.jpg',
    's3://photos/private%252Fa.jpg',
    's3://photos/private%5Ca.jpg',
    's3://photos/x/..%5Cprivate/a.jpg',
    's3://photos/x/..;/private/a.jpg',
  ];

  for (const cached of [false, true]) {
    it(`by any spelling of the key, ${cached ? 'of an image that another user has cached' : 'of an image that is not cached'}`, async () => {
      const { bucket, api } = await startWithFolder(byKey);
      if (cached) {
        const mine = await api.get(imageUrl('s3://photos/private/a.jpg'), { 'X-User': 'owner' });
        expect(mine.status).toBe(200);
      }
      const before = bucket.server.stats.gets;
      for (const url of spellings) {
        const answer = await api.get(imageUrl(url));
        expect([answer.status, (await answer.json()).code], url).toEqual([403, 'NOT_AUTHORIZED']);
      }
      expect(bucket.server.stats.gets).toBe(before);
    });
  }

  it('by a bare URL, if the hook compares whole URLs', async () => {
    let denied = '';
    const { api, base } = await startWithFolder(({ s3_url }) => s3_url !== denied);
    denied = `${base}/private/a.jpg`;
    const plain = ['', '?', '?versionId=', '?response-cache-control=x', '?response-expires=1'];
    for (const query of plain) {
      for (const url of [`s3://photos/private/a.jpg${query}`, `s3://photos/private%2Fa.jpg${query}`, denied + query]) {
        expect((await api.get(imageUrl(url))).status, url).toBe(403);
      }
    }
  });

  it('and it gets bucket, key and version of cached images and of others', async () => {
    const { api, told, base } = await startWithFolder(() => true);
    const url = 's3://photos/private%2Fa.jpg?response-cache-control=x';
    const object = { s3_url: `${base}/private/a.jpg`, bucket: 'photos', key: 'private/a.jpg', versionId: undefined };
    for (const _ of ['not cached', 'cached']) {
      expect((await api.get(`${imageUrl(url)}&actor_id=7`)).status).toBe(200);
      expect(told[0]).toMatchObject({ ...object, filename: 'a.jpg', actor_id: '7' });
      expect(told.splice(0).every((image) => image.key === 'private/a.jpg')).toBe(true);
    }
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    expect(told.splice(0)).toMatchObject([object]);
    expect(Object.keys(entries)).toEqual([object.s3_url]);
    expect(JSON.stringify(entries)).not.toContain('"bucket"');
    await api.get(imagePath(Object.values(entries)[0]?.local_path ?? ''));
    await api.post('/lookup', { urls: [url] });
    expect(told).toMatchObject([object, object]);
    await api.get(imageUrl('s3://photos/private/a.jpg?versionId=null'));
    expect(told.at(-1)).toMatchObject({ key: 'private/a.jpg', versionId: 'null' });
  });

  it('and images of a bucket that is no longer listed are refused', async () => {
    const { api, bucket } = await startWithFolder(() => true);
    expect((await api.get(imageUrl('s3://photos/private/a.jpg'))).status).toBe(200);
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    const path = imagePath(Object.values(entries)[0]?.local_path ?? '');
    await api.images.close();
    const told: unknown[] = [];
    const authorize = (_: unknown, image: unknown) => told.push(image) > 0;
    const after = await startApi(bucket, { cacheDir: api.dir, buckets: ['others'], authorize });
    expect((await after.get(path)).status).toBe(403);
    expect(await (await after.get('/manifest')).json()).toMatchObject({ entries: {} });
    expect(told).toEqual([]);
  });

  it('and with `resolveKey` it gets the object that was named', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'private/a.jpg', await jpeg(1));
    const told: AuthorizedImage[] = [];
    const api = await startApi(bucket, {
      resolveKey: (url) => /[?&]id=([^&]+)/.exec(url)?.[1]?.replace(/^/, 's3://photos/'),
      authorize: (_, image) => {
        told.push(image);
        return byKey(image);
      },
    });
    expect((await api.get(imageUrl('https://app.example.com/thumb?id=private%2Fa.jpg'))).status).toBe(403);
    expect(told).toMatchObject([{ bucket: 'photos', key: 'private/a.jpg' }]);
    expect(bucket.server.stats.gets).toBe(0);
  });
});

describe('S15: a request for an image that may not be seen changes nothing', () => {
  it('by its path: it is not counted as a hit, and the time of its last use stays', async () => {
    const { api } = await startWithFolder(byKey);
    const owner = { 'X-User': 'owner' };
    expect((await api.get(imageUrl('s3://photos/private/a.jpg'), owner)).status).toBe(200);
    const stateOf = async () => {
      const { entries } = (await (await api.get('/manifest', owner)).json()) as Manifest;
      const { hits } = await api.images.cache.stats();
      return { entries, hits };
    };
    const before = await stateOf();
    const path = imagePath(Object.values(before.entries)[0]?.local_path ?? '');
    for (const query of ['', '&w=32']) expect((await api.get(path + query)).status).toBe(403);
    expect(await stateOf()).toEqual(before);
    expect((await api.get(path, owner)).status).toBe(200);
    expect((await stateOf()).hits).not.toEqual(before.hits);
  });
});
