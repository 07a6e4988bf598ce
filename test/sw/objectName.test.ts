import { describe, expect, it } from 'vitest';
import { pictureId, parsePath } from '../../components/client/offline/pictureId.ts';
import { bucketPlaces } from '../../components/sw/bucketPlaces.ts';
import { objectName } from '../../components/sw/objectName.ts';
import { imagePath } from '../../plugin/cache/files/layout.ts';
import type { BucketOptions } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';

const BUCKETS: BucketOptions[] = [
  { name: 'photos', prefix: 'p/', cdn: ['img.example.com'] },
  { name: 'fast--usw2-az1--x-s3' },
  { name: 'own', endpoint: 'http://localhost:9000' },
  { name: 'hosted', endpoint: 'https://s3.example.com', forcePathStyle: false },
];
const places = bucketPlaces(BUCKETS);
const identify = createIdentify(resolveOptions({ buckets: BUCKETS }));
const SIGNED = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-Signature=abc';

describe('the object behind a URL', () => {
  it.each([
    'https://photos.s3.amazonaws.com/p/a.jpg',
    'https://photos.s3.eu-central-1.amazonaws.com/p/a.jpg',
    'https://photos.s3.dualstack.eu-central-1.amazonaws.com/p/a.jpg',
    'https://photos.s3-accelerate.amazonaws.com/p/a.jpg',
    'https://s3.eu-central-1.amazonaws.com/photos/p/a.jpg',
    'https://img.example.com/p/a.jpg',
    'https://img.example.com/p/a.jpg?w=200',
    's3://photos/p/a.jpg',
    'https://photos.s3.amazonaws.com/p/IMG%20(1)%20ä+b!.jpg',
    'https://photos.s3.amazonaws.com/p/100%.jpg',
    's3://photos/p/50%/%2zb.jpg',
    'http://localhost:9000/own/100%25.jpg',
    'https://photos.s3.amazonaws.com/p/a.jpg?versionId=3',
    'http://localhost:9000/own/a.jpg?crop%5Bw%5D=1',
    'https://photos.s3.amazonaws.com/p/a.jpg?response-content-type=image%2Fpng',
    'https://fast--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com/a.jpg',
    'http://localhost:9000/own/a.jpg',
    'https://hosted.s3.example.com/a/b.jpg',
  ])('is named as our server names it: %s', (url) => {
    const plain = objectName(places, url);
    expect(plain).toMatchObject({ canonical: identify(url).key, isSigned: false });
    expect(plain.place).toBeDefined();
    const signed = `${url}${url.includes('?') ? '&' : '?'}${SIGNED}`;
    expect(objectName(places, signed)).toEqual({ ...plain, isSigned: true });
  });

  it.each([
    'https://other.s3.amazonaws.com/p/a.jpg',
    'https://photos.s3.amazonaws.com/q/a.jpg',
    'https://photos.s3.amazonaws.com/',
    'https://photos.s3.amazonaws.com.evil.example/p/a.jpg',
    'https://evil.example/?https://photos.s3.amazonaws.com/p/a.jpg',
    'https://photosxs3.amazonaws.com/p/a.jpg',
    'http://photos.s3.amazonaws.com/p/a.jpg',
    'http://localhost:9001/own/a.jpg',
    'https://photos.s3.amazonaws.com/p/%ff.jpg',
  ])('is in no listed bucket: %s', (url) => expect(objectName(places, url).place).toBeUndefined());
});

it('a picture has the id that our server puts into the name of its file', async () => {
  const { key } = identify('https://photos.s3.eu-central-1.amazonaws.com/p/IMG (1).jpg');
  const path = imagePath({ actorId: 'anna', key, sha256: 'ab'.repeat(32), extension: 'jpg' });
  expect(parsePath(`.image-cache/${path}`)).toEqual({ picture: await pictureId(key), digest: 'ab'.repeat(16) });
});
