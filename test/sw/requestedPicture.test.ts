import { describe, expect, it } from 'vitest';
import { bucketPlaces } from '../../components/sw/bucketPlaces.ts';
import { nameOf, requestedPicture } from '../../components/sw/requestedPicture.ts';

const ORIGIN = 'https://app.example';
const BASE = `${ORIGIN}/sub/api/cache`;
const BUCKET = 'https://photos.s3.amazonaws.com';
const settings = { base: BASE, places: bucketPlaces(['photos']) };
const ID = '0123456789abcdef0123456789abcdef';

interface Asked {
  method?: string;
  mode?: string;
  credentials?: string;
  destination?: string;
  headers?: Record<string, string>;
}

/** Node's requests have no destination. */

function ask(url: string, { headers, ...asked }: Asked = {}) {
  const request = {
    method: 'GET',
    mode: 'no-cors',
    destination: 'image',
    url,
    headers: new Headers(headers),
    ...asked,
  };
  return requestedPicture(settings, request as Request, ORIGIN);
}

it.each<Asked>([
  { mode: 'cors', credentials: 'include' },
  { mode: 'cors', headers: { Authorization: 'Bearer 1', 'Image-Cache-Offline': '1' } },
])('I50: a bucket that is shown who asks answers the page itself: %j', (asked) => {
  expect(ask(`${BUCKET}/a.jpg`, asked)).toBeUndefined();
  expect(ask(`${BASE}/image?path=a`, asked), 'our server says what is private').toMatchObject({ from: 'path' });
});

const nameFor = async (url: string) => {
  const picture = ask(url);
  return picture && nameOf(picture);
};

describe('requests', () => {
  it.each([
    [`${BASE}/image?path=.image-cache%2Fimages%2Fa%2Fa_0.jpg`, 'path'],
    [`${BASE}/image?url=${encodeURIComponent(`${BUCKET}/a.jpg`)}`, 'url'],
    [`${BASE}/i/${ID}.jpg`, 'ref'],
    [`${ORIGIN}/api/cache/i/${ID}.jpg?w=200`, 'ref'],
    [`${BUCKET}/a.jpg`, 'bucket'],
  ])('for pictures are answered: %s', (url, from) => expect(ask(url)).toMatchObject({ from }));

  it.each([
    `${ORIGIN}/@vite/client`,
    `${ORIGIN}/src/main.tsx`,
    `${ORIGIN}/logo.png`,
    `${BASE}/events`,
    `${BASE}/image`,
    `${BASE}/images?path=a`,
    `${BASE}/i/../image?path=a`,
    `${ORIGIN}/api/cache/image?path=a`,
    `${BASE}/uploads/1`,
    'https://other.example/a.jpg',
    'blob:https://app.example/1',
    'data:image/png;base64,AAAA',
  ])('I52: for anything else are left alone: %s', (url) => expect(ask(url)).toBeUndefined());

  it.each<Asked>([
    { method: 'POST' },
    { method: 'PUT' },
    { method: 'HEAD' },
    { headers: { Range: 'bytes=0-1' } },
    { mode: 'navigate', destination: 'document' },
    { destination: '' },
    { destination: 'script' },
    { destination: 'iframe' },
  ])('I52: of a picture are left alone as %j', (asked) => expect(ask(`${BUCKET}/a.jpg`, asked)).toBeUndefined());

  it('of a fetch() are answered if the page says so', () => {
    expect(ask(`${BUCKET}/a.jpg`, { destination: '', headers: { 'Image-Cache-Offline': '1' } })).toBeDefined();
  });
});

it.each(['x/../a.jpg', './a.jpg', 'x/%2E%2e/a.jpg', 'x/..', 'x/.%2e?w=1'])(
  'of our server is not taken for the one that a browser makes of dots: %s',
  (key) => {
    const url = `${BASE}/image?url=${encodeURIComponent(`${BUCKET}/${key}`)}`;
    expect(ask(url)).toBeUndefined();
  },
);

describe('a picture', () => {
  it('is the same under each signature, by its URL and by our server, and each variant is one of its own', async () => {
    const url = `${BUCKET}/a.jpg?X-Amz-Date=1&X-Amz-Signature=`;
    const first = await nameFor(`${url}1`);
    expect(await nameFor(`${url}2`)).toEqual(first);
    expect(await nameFor(`${BASE}/image?url=${encodeURIComponent(`${url}3`)}&actor_id=a&v=1`)).toEqual(first);
    const small = await nameFor(`${BASE}/image?format=auto&url=${encodeURIComponent(`${url}3`)}&w=200`);
    expect(small).toEqual(await nameFor(`${BASE}/image?url=${encodeURIComponent(url)}&w=200&format=auto`));
    expect(small).toMatchObject({ picture: first?.picture });
    expect(small?.key).not.toBe(first?.key);
  });

  it('that is asked for by what is no URL is the business of our server', () => {
    expect(() => ask(`${BASE}/image?url=nonsense`)).toThrow(TypeError);
  });
});

it('a plus in a query is a plus, as our server reads it, and never the name of another object', async () => {
  const written = await nameFor(`${BASE}/image?url=${BUCKET}/a+b.jpg`);
  expect(written).toEqual(await nameFor(`${BASE}/image?url=${encodeURIComponent(`${BUCKET}/a+b.jpg`)}`));
  expect(written).not.toEqual(await nameFor(`${BASE}/image?url=${encodeURIComponent(`${BUCKET}/a b.jpg`)}`));
  expect(ask(`${BASE}/image?path=a+b.jpg`)).toMatchObject({ path: 'a+b.jpg' });
});
