import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Readable } from '../../components/client/offline/offlineStore.ts';
import { createBucketReader } from '../../components/sw/bucketReader.ts';

const HOUR_MS = 3_600_000;
const PLACE = 'https://photos.example/';

let now = 0;
/** Whether the bucket lets pages read the answer, an image or an error. */
let isReadable = true;
let requests = 0;
let written: Readable | undefined;

beforeEach(() => {
  [now, isReadable, requests, written] = [0, true, 0, undefined];
  vi.stubGlobal('fetch', async ({ mode }: Request) => {
    requests += 1;
    if (mode === 'cors' && !isReadable) throw new TypeError('Failed to fetch');
    const answer = new Response('');
    return mode === 'cors' ? answer : Object.defineProperty(answer, 'type', { value: 'opaque' });
  });
});
afterEach(() => void vi.unstubAllGlobals());

/** What is written outlives the worker. */
const startWorker = () =>
  createBucketReader(
    // The reader asks for nothing else.
    { recall: async () => written as never, remember: async (_, value) => void (written = value as Readable) },
    () => now,
  );
const image = () => new Request(`${PLACE}a.jpg`, { mode: 'no-cors' });

it('a bucket that pages cannot read is left alone for an hour, also by the next worker', async () => {
  isReadable = false;
  const reader = startWorker();
  await reader.read(PLACE, image());
  expect([reader.isKnownUnreadable(PLACE), requests]).toEqual([true, 2]);
  const next = startWorker();
  await next.read(PLACE, image());
  expect([next.isKnownUnreadable(PLACE), requests]).toEqual([true, 3]);
  now += HOUR_MS;
  expect(next.isKnownUnreadable(PLACE)).toBe(false);
});

it.each([1, 24, 29 * 24])(
  'an error without the header, after %i hours, is not taken for a bucket that pages cannot read',
  async (hours) => {
    await startWorker().read(PLACE, image());
    now += hours * HOUR_MS;
    isReadable = false;
    const reader = startWorker();
    await reader.read(PLACE, image());
    expect(reader.isKnownUnreadable(PLACE), 'what is kept would not be shown').toBe(false);
  },
);

it('a bucket that pages cannot read any more is noticed after a month', async () => {
  await startWorker().read(PLACE, image());
  now += 30 * 24 * HOUR_MS;
  isReadable = false;
  const reader = startWorker();
  await reader.read(PLACE, image());
  expect(reader.isKnownUnreadable(PLACE)).toBe(true);
});
