import { describe, expect, it } from 'vitest';
import { MissingPictures } from '../../plugin/uploads/missingPictures.ts';
import { PictureUses } from '../../plugin/uploads/pictureUse.ts';
import { createReferenceKeys } from '../../plugin/uploads/referenceKeys.ts';
import { keyOf, pictureName } from '../helpers/uploads.ts';
import { failureOf, MemoryBucket } from './memoryBucket.ts';

const BODY = Buffer.from('a picture');
const NAME = pictureName(BODY);
const keys = createReferenceKeys('uploads', 'app');
const reference = keys.reference(NAME.slice(0, 32), { owner: '', job_id: '0'.repeat(32) });

function open({ body = BODY, isCounted = true }: { body?: Buffer | undefined; isCounted?: boolean } = {}) {
  const bucket = new MemoryBucket(() => Date.UTC(2026, 0, 1));
  const log: string[] = [];
  const write = (message: string) => void log.push(message);
  const uses = new PictureUses({
    bucket,
    keys,
    isReferenced: undefined,
    warn: write,
    clock: { sleep: async () => undefined },
  });
  const missing = new MissingPictures({
    bucket,
    uses: isCounted ? uses : undefined,
    keyOf: () => keyOf(BODY),
    cached: async () => ({ body, contentType: 'image/jpeg' }),
    isRestored: true,
    logger: { info: write, warn: write },
  });
  return { bucket, log, missing, uses };
}

const isThere = (bucket: MemoryBucket) => bucket.objects.has(keyOf(BODY));

describe('C28: a picture that is put back', () => {
  it('has the bytes that it is named after, and is not deleted later on', async () => {
    const { bucket, log, missing } = open();
    await bucket.mark(reference);
    missing.notice(NAME);
    await expect.poll(() => isThere(bucket)).toBe(true);
    expect(bucket.objects.get(keyOf(BODY))).toMatchObject({ body: BODY, isCounted: false });
    await missing.close();
    expect(log).toEqual([expect.stringContaining('Put back into the bucket')]);
  });

  it('does not come from the cache in another form', async () => {
    const { bucket, log, missing } = open({ body: Buffer.from('the same as WebP'), isCounted: false });
    missing.notice(NAME);
    missing.notice(NAME);
    await expect.poll(() => log).toEqual([expect.stringContaining('in another form only')]);
    await missing.close();
    expect(isThere(bucket)).toBe(false);
  });

  it.each([
    ['while it is being deleted', keys.flag(NAME.slice(0, 32))],
    ['when nothing uses it', undefined],
  ])('is not put back %s', async (_, flag) => {
    const { bucket, log, missing } = open();
    if (flag !== undefined) {
      await bucket.mark(reference);
      await bucket.mark(flag);
    }
    missing.notice(NAME);
    await missing.close();
    expect([isThere(bucket), log]).toEqual([false, []]);
  });

  it('that could not be put back is tried again when it is missed again, and said once', async () => {
    const { bucket, log, missing } = open();
    await bucket.mark(reference);
    bucket.hooks.before = (request) => {
      if (request.startsWith('write')) throw failureOf('transient');
    };
    for (let n = 0; n < 2; n += 1) {
      missing.notice(NAME);
      await expect.poll(() => log.length).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    bucket.hooks = {};
    missing.notice(NAME);
    await expect.poll(() => isThere(bucket)).toBe(true);
    expect(log).toEqual([expect.stringContaining('could not be put back'), expect.stringContaining('Put back')]);
  });
});
