import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Problem } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { startRawUpstream } from '../helpers/rawUpstream.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

describe('N2: an object that is not an image', () => {
  it('is downloaded once, however often a page asks, and shown as soon as it is repaired', async () => {
    const bucket = await startBucket();
    const page = Buffer.alloc(300_000, '<html>login</html> ');
    bucket.server.put('photos', 'a.jpg', page);
    const api = await startApi(bucket);
    const ask = async () => api.get(imageUrl(await bucket.presign('a.jpg')));
    const { bytesSent } = bucket.server.stats;
    for (let asked = 0; asked < 5; asked += 1) {
      const answer = await ask();
      expect(((await answer.json()) as Problem).code).toBe('NOT_AN_IMAGE');
    }
    expect(bucket.server.stats.bytesSent - bytesSent).toBeLessThan(page.length + 20_000);

    bucket.server.put('photos', 'a.jpg', await jpeg(1, { width: 40, height: 30 }));
    expect((await ask()).status).toBe(200);
  });

  it('is not requested again if it is coded and its end is missing each time, also without a length', async () => {
    const coded = gzipSync(await jpeg(1, { width: 300, height: 200 }));
    const upstream = await startRawUpstream(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n');
      socket.end(coded.subarray(0, coded.length / 2));
    });
    onTestFinished(() => upstream.close());
    const bucket = await startBucket();
    const api = await startApi({ ...bucket, option: { ...bucket.option, endpoint: upstream.origin } });
    const view = async () => {
      const result = await api.images.cache.prefetch({ s3_url: 's3://photos/a.jpg' }, '1');
      return result.status === 'failed' ? result.error.code : result.status;
    };
    expect(await view()).toBe('UPSTREAM_TRUNCATED');
    const { length } = upstream.requests;
    expect(length).toBeGreaterThan(1);
    expect(await view()).toBe('UPSTREAM_TRUNCATED');
    // It is asked whether it is still the same; an origin that does not heed the question sends it once more.
    expect(upstream.requests.slice(length).map(({ headers }) => headers.get('if-none-match'))).toEqual(['"a"']);
  });
});

it('the log names an image in the same way for a page and a prefetch, so that it is logged once', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const api = await startApi(await startBucket(), { logLevel: 'warn' });
  await api.post('/prefetch', { actor_id: '1', images: [{ s3_url: 's3://photos/none.jpg' }] });
  await api.get(imageUrl('s3://photos/none.jpg'));
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/\] s3:\/\/photos\/none\.jpg: UPSTREAM_NOT_FOUND /)]]);
});
