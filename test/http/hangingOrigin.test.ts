import { expect, it, onTestFinished } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { answer, startRawUpstream } from '../helpers/rawUpstream.ts';
import { slowness } from '../helpers/slowness.ts';
import { imageUrl, startApi } from '../helpers/stack.ts';

const picture = await jpeg(1);

/** Two buckets at servers of their own, of which the first does what a test says instead of answering. */
async function start(hang: Parameters<typeof startRawUpstream>[0]) {
  const hanging = await startRawUpstream(hang);
  const healthy = await startRawUpstream(({ socket }) => socket.write(answer(200, {}, picture)));
  onTestFinished(async () => {
    await Promise.all([hanging.close(), healthy.close()]);
  });
  const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
  const buckets = [hanging, healthy].map(({ origin: endpoint }, n) => ({ name: `bucket-${n}`, endpoint, credentials }));
  const api = await startApi({ option: buckets[0] } as Parameters<typeof startApi>[0], { buckets });
  return { api, hanging, healthy };
}

const hangs: [string, Parameters<typeof startRawUpstream>[0]][] = [
  ['never answers', () => undefined],
  ['stops in the head', ({ socket }) => socket.write('HTTP/1.1 200 OK\r\nContent-')],
  [
    'stops in the body',
    ({ socket }) => socket.write(answer(200, { 'Content-Length': 100_000 }, picture.subarray(0, 600))),
  ],
  ['asks to be left alone', ({ socket }) => socket.write(answer(503, { 'Retry-After': '30' }))],
];

it.each(hangs)('S11: misses of another bucket do not wait for a server that %s', async (_, hang) => {
  const { api, hanging, healthy } = await start(hang);
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const stuck = Array.from({ length: 100 }, (_each, n) => `${hanging.origin}/bucket-0/${n}.jpg?X-Amz-Signature=s`);
  for (const url of stuck) fetch(api.base + imageUrl(url), { signal: leaving.signal }).catch(() => undefined);
  await expect.poll(() => hanging.requests.length).toBeGreaterThanOrEqual(8);

  const begun = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_each, n) =>
      api.get(imageUrl(`${healthy.origin}/bucket-1/${n}.jpg?X-Amz-Signature=s`)),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(performance.now() - begun).toBeLessThan(5_000 * slowness().clock);
});

it('S11: a prefetch of another bucket does not wait for a server that hangs', async () => {
  const { api, hanging, healthy } = await start(() => undefined);
  const of = (origin: string, bucket: string) =>
    Array.from({ length: 100 }, (_each, n) => ({ s3_url: `${origin}/${bucket}/${n}.jpg?X-Amz-Signature=s` }));
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const body = JSON.stringify({ actor_id: '1', images: of(hanging.origin, 'bucket-0') });
  const headers = { 'Content-Type': 'application/json' };
  fetch(`${api.base}/prefetch`, { method: 'POST', body, headers, signal: leaving.signal }).catch(() => undefined);
  await expect.poll(() => hanging.requests.length).toBeGreaterThanOrEqual(16);

  const begun = performance.now();
  const prefetch = await api.post('/prefetch', { actor_id: '2', images: of(healthy.origin, 'bucket-1') });
  expect(await prefetch.json()).toMatchObject({ downloaded: 100, failed: 0 });
  expect(performance.now() - begun).toBeLessThan(8_000 * slowness().clock);
});
