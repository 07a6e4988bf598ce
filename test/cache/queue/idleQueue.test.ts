import { expect, it, vi } from 'vitest';
import { IdleQueue } from '../../../plugin/cache/queue/idleQueue.ts';

it('also does work that is added while the results of earlier work are being written', async () => {
  const done: string[] = [];
  let writeDown = () => {};
  const written = new Promise<void>((resolve) => (writeDown = resolve));
  let isWriting = false;
  const queue = new IdleQueue({
    isAvailable: () => Promise.resolve(true),
    work: (key) => Promise.resolve(void done.push(key)),
    drained: () => {
      isWriting = true;
      return written;
    },
    idleMs: 1,
  });
  queue.add({ s3_url: 'mem:a', sha256: 'a' });
  await vi.waitFor(() => expect(isWriting).toBe(true));
  queue.add({ s3_url: 'mem:b', sha256: 'b' });
  writeDown();
  await vi.waitFor(() => expect(done).toEqual(['mem:a', 'mem:b']));
  await queue.close();
});
