import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createOfflineStore, type OfflineStore } from '../../components/client/offline/offlineStore.ts';
import { createPictureKeeper } from '../../components/sw/pictureKeeper.ts';
import type { RequestedPicture } from '../../components/sw/requestedPicture.ts';

const DAY_MS = 86_400_000;

let store: OfflineStore;
let now = 0;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = createOfflineStore();
  now = 100 * DAY_MS;
});

const keeperOf = (maxSize: number, of = store) => createPictureKeeper(of, { maxSize, maxAge: 30 * DAY_MS }, () => now);
const bucket = (isSigned = false): RequestedPicture => ({
  from: 'bucket',
  place: 'https://photos/',
  object: { canonical: 'https://photos/a', isSigned, place: 'https://photos/' },
  variant: '',
});
const asked = async (key: string, picture = bucket()) => {
  const name = { picture: key, key };
  const { session, images } = await store.look(name);
  return { picture, name, session, exact: images[0] };
};
const answer = (size: number, headers: Record<string, string> = {}) =>
  new Response(new Uint8Array(size), {
    headers: { 'Content-Type': 'image/png', 'Content-Length': String(size), ...headers },
  });
const keys = async () => (await store.list()).map(({ key }) => key);

describe('what is kept', () => {
  it('goes when there is more than the limit, that which was not shown for longest first', async () => {
    const keeper = keeperOf(1_000);
    for (const key of ['a', 'b', 'c']) {
      now += 1_000;
      await keeper.take(answer(300), await asked(key));
    }
    now += DAY_MS;
    for (const image of await store.list()) if (image.key === 'a') await keeper.shown(image);
    await keeper.take(answer(300), await asked('d'));
    expect(await keys()).toEqual(['c', 'a', 'd']);
  });

  it('goes when it was not shown for `maxAge`', async () => {
    await keeperOf(1_000).take(answer(10), await asked('a'));
    now += 31 * DAY_MS;
    await keeperOf(1_000).take(answer(10), await asked('b'));
    expect(await keys()).toEqual(['b']);
  });

  it('is counted as shown at most once a minute', async () => {
    const keeper = keeperOf(1_000);
    await keeper.take(answer(10), await asked('a'));
    const touch = vi.spyOn(store, 'touch');
    for (let seconds = 0; seconds < 130; seconds += 1) {
      now += 1_000;
      for (const image of await store.list()) await keeper.shown(image);
    }
    expect(touch).toHaveBeenCalledTimes(2);
  });

  it('is not written again when the server sends the same bytes', async () => {
    const keeper = keeperOf(1_000);
    const etag = { ETag: `"${'ab'.repeat(32)}"` };
    const picture: RequestedPicture = { from: 'path', path: 'a', variant: '' };
    await keeper.take(answer(10, etag), await asked('a', picture));
    const put = vi.spyOn(store, 'put');
    await keeper.take(answer(10, etag), await asked('a', picture));
    expect(put).not.toHaveBeenCalled();
    await keeper.take(answer(11, { ETag: `"${'cd'.repeat(32)}"` }), await asked('a', picture));
    expect((await store.list()).map(({ size }) => size)).toEqual([11]);
  });

  it('is not a picture that is larger than all of the limit', async () => {
    await keeperOf(100).take(answer(101), await asked('a'));
    expect(await keys()).toEqual([]);
  });
});

describe('I48: an answer is not kept', () => {
  it.each<[string, Response]>([
    ['206', new Response('12', { status: 206, headers: { 'Content-Type': 'image/png', 'Content-Length': '2' } })],
    ['500', new Response('12', { status: 500, headers: { 'Content-Type': 'image/png', 'Content-Length': '2' } })],
    ['a page', answer(2, { 'Content-Type': 'text/html' })],
    ['no-store', answer(2, { 'Cache-Control': 'private, No-Store' })],
    ['shorter than it says', answer(2, { 'Content-Length': '3' })],
    ['of no length', new Response('12', { headers: { 'Content-Type': 'image/png' } })],
    ['empty', answer(0)],
    ['an error of the network, or opaque', Response.error()],
    ['redirected', Object.defineProperty(answer(2), 'redirected', { value: true })],
  ])('%s', async (_, response) => {
    await keeperOf(1_000).take(response, await asked('a'));
    expect(await keys()).toEqual([]);
  });

  it('of our server, whose length is not known, is kept: it aborts one that is not whole', async () => {
    const picture: RequestedPicture = { from: 'path', path: 'a', variant: '' };
    const streamed = new Response('12', { headers: { 'Content-Type': 'image/png' } });
    await keeperOf(1_000).take(streamed, await asked('a', picture));
    expect(await keys()).toEqual(['a']);
  });
});

describe('I50: a private answer', () => {
  it.each<[string, RequestedPicture, Record<string, string>]>([
    ['of a signed URL', bucket(true), {}],
    ['that says so', bucket(), { 'Cache-Control': 'private, no-cache' }],
  ])('%s is kept for the user who is logged in, and for nobody else', async (_, picture, headers) => {
    const keeper = keeperOf(1_000);
    await keeper.take(answer(2, headers), await asked('a', picture));
    expect(await keys()).toEqual([]);
    await store.setUser('anna');
    const request = await asked('a', picture);
    await keeper.take(answer(2, headers), request);
    expect((await store.list()).map(({ user }) => user)).toEqual(['anna']);
    await store.setUser('ben');
    expect(await keys()).toEqual([]);
    await keeper.take(answer(2, headers), request);
    expect(await keys(), 'it was requested for anna').toEqual([]);
  });

  it('a public picture stays when another user logs in', async () => {
    await keeperOf(1_000).take(answer(2), await asked('a'));
    await store.setUser('ben');
    expect(await keys()).toEqual(['a']);
  });
});

describe('a refusal', () => {
  const served: RequestedPicture = { from: 'path', path: 'a', variant: '' };
  const problem = (code: string) => JSON.stringify({ type: 'about:blank', code });

  it.each<[string, RequestedPicture, number, string, string[]]>([
    ['401 of our server', served, 401, 'Log in', []],
    ['403 of our server', served, 403, problem('NOT_AUTHORIZED'), []],
    ['403 of what is in front of our server', served, 403, '<h1>No</h1>', []],
    ['403 that our server passes on', served, 403, problem('UPSTREAM_EXPIRED'), ['a']],
    ['404 of our server', served, 404, problem('UPSTREAM_NOT_FOUND'), []],
    ['403 of a bucket, whose signature may have expired', bucket(true), 403, '<Error/>', ['a']],
    ['401 of a bucket', bucket(true), 401, '', ['a']],
    ['404 of a bucket', bucket(true), 404, '', []],
    ['410 of a bucket', bucket(), 410, '', []],
    ['503 of a bucket', bucket(), 503, '', ['a']],
  ])('%s', async (_, picture, status, body, left) => {
    const keeper = keeperOf(1_000);
    await store.setUser('anna');
    await keeper.take(answer(10), await asked('a', picture));
    const response = new Response(body, { status });
    await keeper.take(response, await asked('a', picture));
    expect(await keys()).toEqual(left);
    expect(await response.text(), 'the page gets it whole').toBe(body);
  });

  it('of one picture leaves those alone that are on their way', async () => {
    const keeper = keeperOf(1_000);
    const loading = await asked('b');
    await keeper.take(new Response('', { status: 404 }), await asked('a'));
    await keeper.take(answer(10), loading);
    expect(await keys()).toEqual(['b']);
  });
});

it('a body of a bucket whose end could not be told is not read', async () => {
  const endless = new Response(new ReadableStream(), { headers: { 'Content-Type': 'image/png' } });
  const clone = vi.spyOn(endless, 'clone');
  await keeperOf(1_000).take(endless, await asked('a'));
  expect(clone).not.toHaveBeenCalled();
});

describe('I49: without room', () => {
  it('a quarter goes, once a minute, and nothing is thrown', async () => {
    const keeper = keeperOf(1_000_000);
    for (const key of ['a', 'b', 'c', 'd']) {
      now += 1;
      await keeper.take(answer(100), await asked(key));
    }
    const full = vi.spyOn(store, 'put').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
    await keeper.take(answer(100), await asked('e'));
    await keeper.take(answer(100), await asked('f'));
    expect(await keys()).toEqual(['b', 'c', 'd']);
    expect(full).toHaveBeenCalledTimes(3);
  });

  it('and without storage, nothing is thrown', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const none = createOfflineStore();
    const request = {
      picture: bucket(),
      name: { picture: 'a', key: 'a' },
      session: { generation: 0 },
      exact: undefined,
    };
    await expect(keeperOf(1_000, none).take(answer(2), request)).resolves.toBeUndefined();
  });
});
