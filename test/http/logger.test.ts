import { describe, expect, it, vi } from 'vitest';
import { createImageCache } from '../../plugin/express.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

describe('the option `logger` of a server of your own', () => {
  it('gets the log instead of the console, without signatures', async () => {
    const warned = vi.spyOn(console, 'warn');
    const lines: string[] = [];
    const logger = { info: () => {}, warn: (message: string) => void lines.push(message) };
    const bucket = await startBucket();
    const api = await startApi(bucket, { logger, logLevel: 'warn' });
    await api.get(imageUrl(await bucket.presign('none.jpg')));
    await vi.waitFor(() => expect(lines).toEqual([expect.stringMatching(/^\[image-cache\] .*UPSTREAM_NOT_FOUND /)]));
    expect(lines.join()).not.toMatch(/X-Amz-/);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it('that throws lets the answer through', async () => {
    const fail = () => {
      throw new Error('the log is full');
    };
    const api = await startApi(await startBucket(), { logger: { info: fail, warn: fail }, logLevel: 'debug' });
    expect((await api.get('/image?path=none')).status).toBe(404);
    expect((await api.get('/nothing')).status).toBe(404);
  });

  it.each([null, {}, { info: () => {} }, { info: 'x', warn: 'y' }, 'console', 1])(
    'is refused at the start: %j',
    (logger) => {
      // What an app in JavaScript may pass.
      expect(() => createImageCache({ buckets: ['photos'], logger: logger as never })).toThrow(
        'option `logger` must have the functions `info` and `warn`',
      );
    },
  );
});
