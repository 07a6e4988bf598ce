import { describe, expect, it } from 'vitest';
import { createImageCache } from '../../plugin/express.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { refusal } from '../helpers/source.ts';

const withUploads = (uploads: object, around: object = {}) =>
  ({ buckets: ['team-photos'], ...around, uploads: { bucket: 'team-photos', ...uploads } }) as never;
const refused = (uploads: object, around?: object) => refusal(() => resolveOptions(withUploads(uploads, around)));

describe('the option `uploads`', () => {
  it('is off unless set', () => {
    expect(resolveOptions({ buckets: ['team-photos'] }).uploads).toBeUndefined();
  });

  it('needs a bucket and nothing else', () => {
    expect(resolveOptions(withUploads({})).uploads).toEqual({
      bucket: 'team-photos',
      prefix: 'uploads',
      maxFileSize: 50e6,
      maxOutboxSize: 1e9,
      wait: 10_000,
      project: undefined,
      outboxDir: '.image-outbox',
      references: undefined,
      gracePeriod: 7 * 24 * 3_600_000,
      restoreMissing: false,
    });
  });

  it('takes files no larger than can be read again', async () => {
    expect(resolveOptions(withUploads({}, { maxImageSize: '10MB' })).uploads?.maxFileSize).toBe(10e6);
    const error = await refused({ maxFileSize: '60MB' });
    expect(error.message).toBe("imageCache: option `uploads.maxFileSize` must be at most `maxImageSize`; got '60MB'.");
    expect(error.hint).toContain('Raise `maxImageSize`');
  });

  it('goes into one of `buckets`', async () => {
    const error = await refused({ bucket: 'other' });
    expect([error.message, error.hint]).toEqual([
      "imageCache: option `uploads.bucket` must be the name of one of `buckets`; got 'other'.",
      "There is 'team-photos'.",
    ]);
  });

  it('goes where the bucket may be read', async () => {
    const buckets = [{ name: 'team-photos', prefix: 'app/' }];
    expect((await refused({}, { buckets })).message).toContain("must be inside the `prefix` of the bucket, 'app/'");
    expect(resolveOptions(withUploads({ prefix: 'app/up' }, { buckets })).uploads?.prefix).toBe('app/up');
    expect(resolveOptions(withUploads({ prefix: '' })).uploads?.prefix).toBe('');
  });

  it.each([
    ['/uploads/', "Write 'uploads'."],
    ['a//b', 'It can contain'],
    ['a/../b', 'It can contain'],
    ['a b', 'It can contain'],
    ['photos(1', 'URLs in texts'],
    ["it's", 'URLs in texts'],
  ])('refuses the prefix %s', async (prefix, hint) => {
    const error = await refused({ prefix });
    expect(error.message).toContain('option `uploads.prefix` must be the beginning of a key');
    expect(error.hint).toContain(hint);
  });

  it.each(['.image-cache', '.image-cache/outbox', '.'])(
    'keeps the outbox apart from the cache: %s',
    async (outboxDir) => {
      expect((await refused({ outboxDir })).message).toContain('must be a directory outside of `cacheDir`');
    },
  );

  it.each([
    [{ wait: -1 }, 'option `uploads.wait` must be 0, a positive number of seconds'],
    [{ project: 'my app' }, "option `uploads.project` must be a name such as 'my-app'"],
    [{ maxOutboxSize: 'much' }, 'option `uploads.maxOutboxSize` must be a positive number of bytes'],
    [{ references: 's3' }, "option `uploads.references` must be 'bucket'"],
    [{ isReferenced: true }, 'option `uploads.isReferenced` must be a function of the id of a picture'],
    [{ references: 'bucket', isReferenced: (): boolean => true }, 'must be left out where `references` is set'],
    [{ gracePeriod: '7d' }, 'option `uploads.gracePeriod` must be left out where nothing is deleted'],
    [
      { references: 'bucket', gracePeriod: 'soon' },
      'option `uploads.gracePeriod` must be 0, a positive number of seconds',
    ],
    [{ isReferenced: (): boolean => true, gracePeriod: 0 }, 'must be at least an hour with `isReferenced`'],
    [{ restoreMissing: 'yes' }, 'option `uploads.restoreMissing` must be true or false'],
    [{ maxfilesize: 1 }, 'there is no option `uploads.maxfilesize`'],
  ])('%j', async (uploads, part) => {
    expect((await refused(uploads)).message).toContain(part);
  });

  it('says what uses a picture in one of two ways, and for how long it is kept', () => {
    const isReferenced = (): boolean => true;
    expect(resolveOptions(withUploads({ references: 'bucket', gracePeriod: 0 })).uploads).toMatchObject({
      references: 'bucket',
      gracePeriod: 0,
    });
    expect(resolveOptions(withUploads({ isReferenced, gracePeriod: '2h' })).uploads).toMatchObject({
      references: isReferenced,
      gracePeriod: 7_200_000,
    });
  });

  it("needs `authorizeUpload` in a server of one's own", async () => {
    const error = await refusal(() => createImageCache(withUploads({})));
    expect(error.message).toContain('option `authorizeUpload` must be a function of the request');
  });
});
