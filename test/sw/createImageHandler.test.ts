import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createOfflineStore } from '../../components/client/offline/offlineStore.ts';
import { createImageHandler, type ImageWorkerOptions } from '../../components/sw/index.ts';

const CDN = 'https://img.example';

/** What the network answers; it has none where this throws. */
let network: (request: Request) => Response;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('self', { location: new URL('https://app.example/sw.js') });
  vi.stubGlobal('fetch', async (request: Request) => network(request));
});
afterEach(() => void vi.unstubAllGlobals());

/** Node's requests have no destination, and no credentials of their own. */
function img(url: string): Request {
  const request = new Request(url, { mode: 'no-cors', credentials: 'include' });
  return Object.defineProperty(request, 'destination', { value: 'image' });
}
const picture = () => new Response('image', { headers: { 'Content-Type': 'image/png', 'Content-Length': '5' } });

/** A worker; its `show` resolves once everything is written. */
function startWorker(options: Omit<ImageWorkerOptions, 'buckets'> = {}) {
  const { respond } = createImageHandler({ buckets: [{ name: 'photos', cdn: ['img.example'] }], ...options });
  return {
    async show(url: string): Promise<string> {
      const works: Promise<unknown>[] = [];
      const response = await respond({ request: img(url), waitUntil: (work) => void works.push(work) });
      for (const work of works) await work;
      return response.type === 'error' ? 'error' : `${response.status} ${await response.text()}`;
    },
  };
}
const users = async () => (await createOfflineStore().list()).map(({ user }) => user);
const signed = (n: number) => `https://photos.s3.amazonaws.com/a.png?X-Amz-Signature=${n}`;

it.each<[string, () => Promise<string>]>([
  ['fails', () => Promise.reject(new Error('no network'))],
  [
    'throws',
    () => {
      throw new Error('no token');
    },
  ],
  ['never answers', () => new Promise(() => {})],
])(
  'I50: a `partition` that %s breaks no picture: private ones are not shown, kept or removed meanwhile',
  async (_, broken) => {
    network = picture;
    expect(await startWorker({ partition: 'anna' }).show(signed(1))).toBe('200 image');
    expect(await users()).toEqual(['anna']);
    const worker = startWorker({ partition: broken });
    const showBoth = (n: number) => Promise.all([worker.show(signed(n)), worker.show(`${CDN}/public.png`)]);
    expect(await showBoth(2)).toEqual(['200 image', '200 image']);
    network = () => {
      throw new TypeError('Failed to fetch');
    };
    expect(await showBoth(3), 'nobody knows who asks').toEqual(['error', '200 image']);
    expect((await users()).toSorted()).toEqual(['', 'anna']);
    expect(await startWorker({ partition: 'anna' }).show(signed(4))).toBe('200 image');
  },
);

it('a CDN that wants cookies gets them, and its answer is not kept, since it may be for one user', async () => {
  network = ({ credentials }) => (credentials === 'include' ? picture() : new Response('', { status: 403 }));
  const worker = startWorker({ partition: 'anna' });
  expect(await worker.show(`${CDN}/a.png`)).toBe('200 image');
  expect(await users()).toEqual([]);
});

it('a signed URL that is refused is not asked for again', async () => {
  const network403 = vi.fn(() => new Response('', { status: 403 }));
  network = network403;
  expect(await startWorker({ partition: 'anna' }).show(signed(1))).toBe('403 ');
  expect(network403).toHaveBeenCalledTimes(1);
});
