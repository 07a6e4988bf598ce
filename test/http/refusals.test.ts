import { describe, expect, it } from 'vitest';
import type { Problem } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

describe('N2: an object that is no image', () => {
  it('costs a page its bytes once, however often it asks, and is shown as soon as it is mended', async () => {
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
});
