import { expect, it, onTestFinished } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { type RawRequest, answer, errorXml, startRawUpstream } from '../helpers/rawUpstream.ts';
import { imageUrl, startApi } from '../helpers/stack.ts';

const picture = await jpeg(1);

/** An origin that answers when it is told to, and takes `good` for the one good signature. */
async function start() {
  const held: RawRequest[] = [];
  const upstream = await startRawUpstream((request) => held.push(request));
  onTestFinished(() => upstream.close());
  const option = { name: 'photos', endpoint: upstream.origin };
  const api = await startApi({ option } as Parameters<typeof startApi>[0], { concurrency: 1 }); // only the option is read
  const signed = (name: string, signature: string) => `${upstream.origin}/photos/${name}?X-Amz-Signature=${signature}`;
  return {
    api,
    signed,
    get: (name: string, signature: string) => api.get(imageUrl(signed(name, signature))),
    asked: () => upstream.requests.map(({ target }) => target.split('Signature=')[1]),
    /** Waits for the next request, and answers it. */
    async answerNext() {
      await expect.poll(() => held.length).toBeGreaterThan(0);
      const { socket, target } = held.shift()!; // there is one
      const isGood = target.endsWith('=good');
      socket.write(
        isGood ? answer(200, {}, picture) : answer(403, {}, errorXml('AccessDenied', 'Request has expired')),
      );
    },
  };
}

it('T24: a valid signature is not refused because an earlier one was invalid', async () => {
  const { api, get, answerNext, asked } = await start();
  const first = get('a.jpg', 'old');
  await expect.poll(asked).toEqual(['old']);
  const others = ['old', 'good'].map((signature) => get('a.jpg', signature));
  await api.get('/manifest'); // by then they have joined
  await answerNext();
  await answerNext();
  expect((await Promise.all([first, ...others])).map(({ status }) => status)).toEqual([403, 403, 200]);
  expect(asked(), 'each signature is tried once').toEqual(['old', 'good']);
});

it('T24: a queued image is requested with the latest signature', async () => {
  const { api, signed, get, answerNext, asked } = await start();
  const images = [signed('first.jpg', 'good'), signed('a.jpg', 'old')].map((s3_url) => ({ s3_url }));
  const prefetch = api.post('/prefetch', { actor_id: '1', images });
  await expect.poll(asked).toEqual(['good']);
  const seen = get('a.jpg', 'good');
  await expect.poll(asked).toEqual(['good', 'good']);
  await answerNext();
  await answerNext();
  expect((await seen).status).toBe(200);
  expect(await (await prefetch).json()).toMatchObject({ downloaded: 2, failed: 0 });
});
