import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKnownImages, type KnownImages } from '../../../components/client/knownImages.ts';
import type { PrefetchCall, sendPrefetch } from '../../../components/client/sendPrefetch.ts';
import { createWantedImages, type WantedImage } from '../../../components/client/wantedImages.ts';
import type { PrefetchRequest } from '../../../plugin/protocol.ts';
import { BUCKET, entryOf, presign } from '../cacheServer.ts';

/** A call that the server answers as the test says. */
interface Call extends PrefetchCall {
  request: PrefetchRequest;
  keys: string[];
  end(): void;
  fail(): void;
}

let calls: Call[];
let known: KnownImages;
let add: ReturnType<typeof createWantedImages>;
let visibility: DocumentVisibilityState;
let drops: (() => void)[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  calls = [];
  drops = [];
  known = createKnownImages();
  const send: typeof sendPrefetch = (_mount, request, call) =>
    new Promise((resolve, reject) => {
      const keys = request.images.map(({ s3_url }) => s3_url.replace(`${BUCKET}/`, '').replace(/\?.*/, ''));
      calls.push({ ...call, request, keys, end: resolve, fail: () => reject(new Error('no answer')) });
      call.signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  add = createWantedImages(() => '/api/cache', known, send);
  visibility = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
});
afterEach(() => {
  for (const drop of drops) drop();
  vi.runAllTimers();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const want = (key: string, more: Partial<WantedImage> = {}) => {
  const onSettled = vi.fn<WantedImage['onSettled']>();
  const drop = add({ url: presign(key), actorId: undefined, onSettled, ...more });
  drops.push(drop);
  return { onSettled, drop };
};
const at = (top: number, isRendered = true): HTMLImageElement => {
  const img = new Image();
  img.getBoundingClientRect = () => new DOMRect(0, top, 10, 10);
  img.checkVisibility = () => isRendered;
  return img;
};
const stored = (key: string) => ({ s3_url: `${BUCKET}/${key}`, status: 'downloaded', entry: entryOf(key) }) as const;
const call = (index: number): Call => {
  const found = calls[index];
  if (!found) throw new Error(`There was no call ${index}.`);
  return found;
};
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('what is wanted in one commit is one call, the nearest first, each object once', async () => {
  want('hidden.jpg', { img: at(0, false) });
  want('far.jpg', { img: at(5_000) });
  want('near.jpg', { img: at(0), actorId: '0001' });
  want('near.jpg', { img: at(0) });
  await pass(20);
  expect(calls).toHaveLength(1);
  expect(call(0).keys).toEqual(['near.jpg', 'far.jpg', 'hidden.jpg']);
  expect(call(0).request).toMatchObject({ priority: 'visible', images: [{ s3_url: presign('near.jpg') }, {}, {}] });
});

test('an image is filed under its own actor', async () => {
  want('a.jpg', { actorId: '0001' });
  await pass(20);
  expect(call(0).request).toMatchObject({ actor_id: 'default', images: [{ actor_id: '0001' }] });
});

test('what is stored is known at once, and all elements that want it hear of it', async () => {
  const [one, two] = [want('a.jpg'), want('a.jpg')];
  await pass(20);
  call(0).onResult(0, stored('a.jpg'));
  expect(known.get(`${BUCKET}/a.jpg`).entry).toEqual(entryOf('a.jpg'));
  for (const each of [one, two]) {
    expect(each.onSettled.mock.calls).toEqual([[{ status: 'stored', isDownloaded: true }]]);
  }
});

test('what fails hears why; what is left without an answer is asked for directly', async () => {
  const [a, b] = [want('a.jpg'), want('b.jpg')];
  await pass(20);
  const error = { code: 'UPSTREAM_NOT_FOUND', detail: 'No such key.' } as const;
  call(0).onResult(0, { s3_url: `${BUCKET}/a.jpg`, status: 'failed', error });
  expect(a.onSettled).toHaveBeenCalledWith({ status: 'failed', error });
  expect(b.onSettled).not.toHaveBeenCalled();
  call(0).end();
  await pass(20);
  expect(b.onSettled).toHaveBeenCalledWith({ status: 'failed' });
});

test('what is wrong with one signature, or for one actor, does not end what another element asks for by its own', async () => {
  const near = want('a.jpg', { img: at(0), actorId: '1' });
  const far = want('a.jpg', { img: at(5_000), actorId: '2' });
  await pass(20);
  expect(call(0).request.images).toMatchObject([{ actor_id: '1' }]);
  const error = { code: 'NOT_AUTHORIZED', detail: 'Not for you.' } as const;
  call(0).onResult(0, { s3_url: `${BUCKET}/a.jpg`, status: 'failed', error });
  expect(near.onSettled).toHaveBeenCalledWith({ status: 'failed', error });
  expect(far.onSettled).not.toHaveBeenCalled();
  await pass(100);
  expect(call(1).request.images).toMatchObject([{ actor_id: '2' }]);
});

test('a server that takes no such call has all asked for directly', async () => {
  const each = want('a.jpg');
  await pass(20);
  call(0).fail();
  await pass(20);
  expect(each.onSettled).toHaveBeenCalledWith({ status: 'failed' });
  await pass(1_000);
  expect(calls).toHaveLength(1);
});

test('when what is wanted changes, another call takes the place of the one that runs, and names what that has begun', async () => {
  const a = want('a.jpg');
  want('b.jpg');
  await pass(20);
  want('c.jpg');
  a.drop();
  await pass(99);
  expect(calls, 'not at each change').toHaveLength(1);
  await pass(1);
  expect(call(1).keys).toEqual(['b.jpg', 'c.jpg']);
  expect(call(0).signal.aborted, 'before the server knows of the new one').toBe(false);
  call(1).onOpen?.();
  expect(call(0).signal.aborted).toBe(true);
});

test('what settles is no change', async () => {
  const a = want('a.jpg');
  want('b.jpg');
  await pass(20);
  call(0).onResult(0, stored('a.jpg'));
  a.drop();
  await pass(1_000);
  expect(calls).toHaveLength(1);
});

test('nor is what an event has told of before the call has', async () => {
  const a = want('a.jpg');
  want('b.jpg');
  await pass(20);
  known.apply({ type: 'stored', entry: entryOf('a.jpg') });
  a.drop();
  await pass(1_000);
  expect(calls).toHaveLength(1);
});

test('when nothing is wanted any more, the call ends', async () => {
  const a = want('a.jpg');
  await pass(20);
  a.drop();
  await pass(100);
  expect(call(0).signal.aborted).toBe(true);
  expect(a.onSettled).not.toHaveBeenCalled();
  expect(calls).toHaveLength(1);
});

test('a hidden tab asks for nothing, and goes on when it is looked at', async () => {
  visibility = 'hidden';
  const a = want('a.jpg');
  await pass(20);
  expect(calls).toHaveLength(0);
  visibility = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(20);
  expect(calls).toHaveLength(1);
  visibility = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(100);
  expect(call(0).signal.aborted).toBe(true);
  expect(a.onSettled, 'it is still wanted').not.toHaveBeenCalled();
  visibility = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(100);
  expect(call(1).keys).toEqual(['a.jpg']);
});

test('more than a thousand go in several calls', async () => {
  for (let n = 0; n < 1_500; n += 1) want(`${n}.jpg`);
  await pass(20);
  expect(call(0).keys).toHaveLength(1_000);
  for (const [index, key] of call(0).keys.entries()) call(0).onResult(index, stored(key));
  call(0).end();
  await pass(20);
  expect(call(1).keys).toHaveLength(500);
});

test('an image that was thrown away while it was fetched is not taken for the new one', async () => {
  want('a.jpg');
  await pass(20);
  known.apply({ type: 'invalidated', s3_urls: [`${BUCKET}/a.jpg`] });
  call(0).onResult(0, stored('a.jpg'));
  expect(known.get(`${BUCKET}/a.jpg`)).toEqual({ entry: undefined, revision: 1 });
});

test('a tab in the background waits, until S3 answers again: then it fetches what it lacks', async () => {
  visibility = 'hidden';
  want('a.jpg');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls).toEqual([]);
  window.dispatchEvent(new Event('image-cache:recovered'));
  await vi.advanceTimersByTimeAsync(100);
  expect(calls.map(({ keys }) => keys)).toEqual([['a.jpg']]);
  call(0).onResult(0, stored('a.jpg'));
  call(0).end();
  want('b.jpg'); // it had failed, and is tried again
  await vi.advanceTimersByTimeAsync(200);
  expect(call(1).keys).toEqual(['b.jpg']);
  call(1).onResult(0, stored('b.jpg'));
  call(1).end();
  await vi.advanceTimersByTimeAsync(20_000);
  want('c.jpg');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls).toHaveLength(2);
});
