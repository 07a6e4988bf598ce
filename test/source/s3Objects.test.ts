import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { parseListing } from '../../plugin/source/listing.ts';
import { createS3Bucket } from '../../plugin/source/s3Bucket.ts';
import { type UploadBucket, UploadFailure } from '../../plugin/uploads/index.ts';
import { sha256 } from '../helpers/uploads.ts';
import { type S3Proxy, s3Refusal, startS3Proxy } from '../helpers/s3Proxy.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';

const BODY = Buffer.from('the bytes of a picture');
const SIGNAL = new AbortController().signal;
const HOUR = 3_600_000;

async function startObjects(): Promise<{ bucket: Bucket; proxy: S3Proxy; objects: UploadBucket }> {
  const bucket = await startBucket();
  const proxy = await startS3Proxy(bucket.server);
  const options = resolveOptions({ buckets: [{ ...bucket.option, endpoint: proxy.endpoint }] });
  const objects = createS3Bucket(options, 'photos');
  onTestFinished(() => objects.close());
  return { bucket, proxy, objects };
}

const failureOf = async (asked: Promise<unknown>): Promise<UploadFailure> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UploadFailure) return error;
  throw new Error(`expected a failure; got ${String(error)}`);
};

describe('the small objects of a bucket', () => {
  it('are written, seen, listed and removed, as often as one likes', async () => {
    const { objects } = await startObjects();
    const keys = ["up'loads/refs/a/1", "up'loads/refs/a/2", "up'loads/refs/b/1"];
    for (const key of [...keys, ...keys]) await objects.mark(key, SIGNAL);
    const [first = '', second = ''] = keys;
    const look = await objects.look(first, SIGNAL);
    expect(look).toMatchObject({ key: first, isCounted: false });
    expect(Math.abs((look?.modifiedAt ?? 0) - Date.now())).toBeLessThan(HOUR);
    const listed = await objects.list("up'loads/refs/a/", undefined, SIGNAL);
    expect(listed.objects.map(({ key }) => key)).toEqual([first, second]);
    expect([listed.isComplete, Math.abs(listed.now - Date.now()) < HOUR]).toEqual([true, true]);
    const after = await objects.list("up'loads/refs/a/", first, SIGNAL);
    expect(after.objects).toMatchObject([{ key: second }]);
    await objects.remove(first, SIGNAL);
    await objects.remove(first, SIGNAL);
    expect(await objects.look(first, SIGNAL)).toBeUndefined();
  });

  it('are listed in pages of a thousand', async () => {
    const { bucket, objects } = await startObjects();
    for (let n = 0; n < 1001; n += 1) bucket.server.put('photos', `x/${1000 + n}`, Buffer.alloc(0));
    const page = await objects.list('x/', undefined, SIGNAL);
    expect([page.objects.length, page.isComplete]).toEqual([1000, false]);
    const rest = await objects.list('x/', page.objects.at(-1)?.key, SIGNAL);
    expect([rest.objects.map(({ key }) => key), rest.isComplete]).toEqual([['x/2000'], true]);
  });

  it('a picture says whether its references are kept', async () => {
    const { objects } = await startObjects();
    const picture = { sha256: sha256(BODY), contentType: 'image/jpeg', body: BODY };
    await objects.store({ ...picture, key: 'a.jpg', isCounted: true }, SIGNAL);
    await objects.store({ ...picture, key: 'b.jpg', isCounted: false }, SIGNAL);
    // Who comes later does not change what it says.
    await objects.store({ ...picture, key: 'b.jpg', isCounted: true }, SIGNAL);
    expect(await objects.look('a.jpg', SIGNAL)).toMatchObject({ isCounted: true });
    expect(await objects.look('b.jpg', SIGNAL)).toMatchObject({ isCounted: false });
  });

  it('a picture is looked at after what is to be done in between', async () => {
    const { proxy, objects } = await startObjects();
    const picture = { key: 'a.jpg', sha256: sha256(BODY), contentType: 'image/jpeg', body: BODY, isCounted: true };
    const list = async (signal: AbortSignal) => void (await objects.list('refs/', undefined, signal));
    await objects.store(picture, SIGNAL, list);
    await objects.store(picture, SIGNAL, list);
    const one = ['PUT /photos/a.jpg', 'GET /photos/', 'HEAD /photos/a.jpg'];
    expect(proxy.seen).toEqual([...one, ...one]);
    const failing = objects.store(picture, SIGNAL, () => Promise.reject(new Error('it is being deleted')));
    expect((await failureOf(failing)).message).toContain('it is being deleted');
  });

  it('where a store knows no conditions, a picture that is there is looked at again', async () => {
    const { proxy, objects } = await startObjects();
    proxy.answer = ({ method, headers }) =>
      method === 'PUT' && headers['if-none-match'] !== undefined ? s3Refusal(501, 'NotImplemented') : undefined;
    const picture = { key: 'a.jpg', sha256: sha256(BODY), contentType: 'image/jpeg', body: BODY, isCounted: true };
    await objects.store(picture, SIGNAL);
    // It is deleted in the moment in which it was found to be there.
    const asked = objects.store(picture, SIGNAL, (signal) => objects.remove('a.jpg', signal));
    expect(await failureOf(asked)).toMatchObject({ kind: 'transient' });
  });

  it.each([
    ['list', 's3:ListBucket for arn:aws:s3:::photos.'],
    ['remove', 's3:DeleteObject for arn:aws:s3:::photos/uploads/*.'],
    ['mark', 's3:PutObject, and s3:GetObject to see what was stored, for arn:aws:s3:::photos/uploads/*.'],
  ] as const)('what the credentials may not do is said: %s', async (name, hint) => {
    const { proxy, objects } = await startObjects();
    proxy.answer = () => s3Refusal(403, 'AccessDenied');
    const asked = {
      list: () => objects.list('uploads/refs/aa/', undefined, SIGNAL),
      remove: () => objects.remove('uploads/refs/aa/1', SIGNAL),
      mark: () => objects.mark('uploads/refs/aa/1', SIGNAL),
    }[name]();
    expect(await failureOf(asked)).toMatchObject({
      kind: 'blocked',
      code: 'UPSTREAM_FORBIDDEN',
      hint: expect.stringContaining(hint),
    });
  });

  it('a removal that has to be timely is not sent when it is too late, nor signed again when the bucket says so', async () => {
    const { proxy, objects } = await startObjects();
    const late = objects.remove('a.jpg', SIGNAL, () => {
      throw new Error('too late');
    });
    await expect(late).rejects.toThrow('too late');
    expect(proxy.seen).toEqual([]);
    const inAnHour = { Date: new Date(Date.now() + HOUR).toUTCString() };
    proxy.answer = () => s3Refusal(403, 'RequestTimeTooSkewed', inAnHour);
    await failureOf(objects.remove('a.jpg', SIGNAL, () => undefined));
    expect(proxy.seen).toHaveLength(1);
    proxy.seen.length = 0;
    await failureOf(objects.remove('a.jpg', SIGNAL));
    expect(proxy.seen).toHaveLength(1); // the time is right by then
  });

  it.each([
    ['reset' as const, 'unreachable'],
    [s3Refusal(503, 'SlowDown'), 'transient'],
    [{ status: 200, body: '<html>Sign in to the network</html>' }, 'blocked'],
    [{ status: 200, body: '' }, 'blocked'],
  ])('a listing that is none is an error (%#)', async (answer, kind) => {
    const { proxy, objects } = await startObjects();
    proxy.answer = () => answer;
    expect(await failureOf(objects.list('refs/', undefined, SIGNAL))).toMatchObject({ kind });
  });
});

describe('the answer to ListObjectsV2', () => {
  const object = (key: string, more = '') =>
    `<Contents>${more}<Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`;
  const listing = (inside: string, prefix = 'a/') =>
    `<?xml version="1.0"?><ListBucketResult xmlns="x"><Name>b</Name><Prefix>${prefix}</Prefix>${inside}</ListBucketResult>`;
  const COMPLETE = '<IsTruncated>false</IsTruncated>';

  it.each([
    ['S3', listing(`${COMPLETE}${object('a/1', '<Size>12</Size>')}${object('a/2', '<Size>0</Size>')}`)],
    [
      'a store that says at the end whether there is more',
      listing(`${object('a/1', '<Size>12</Size>')}${object('a/2', '<Size>0</Size>')}${COMPLETE}`),
    ],
  ])('of %s', (_, xml) => {
    const modifiedAt = Date.UTC(2026, 0, 1);
    expect(parseListing(xml, 'a/')).toEqual({
      objects: [
        { key: 'a/1', modifiedAt, size: 12 },
        { key: 'a/2', modifiedAt, size: 0 },
      ],
      isComplete: true,
    });
  });

  it('may have entities in its keys', () => {
    const xml = listing(`${COMPLETE}${object('a&apos;/&amp;lt;&#39;&#x41;')}`, 'a&#x27;/');
    expect(parseListing(xml, "a'/").objects).toMatchObject([{ key: "a'/&lt;'A" }]);
  });

  it.each([
    ['cut', listing(`${COMPLETE}${object('a/1')}`).slice(0, -20)],
    ['of another prefix', listing(COMPLETE, 'b/')],
    ['of other objects', listing(`${COMPLETE}${object('b/1')}`)],
    ['without a word of more', listing(object('a/1'))],
    ['without a time', listing(`${COMPLETE}<Contents><Key>a/1</Key></Contents>`)],
    ['without a key', listing(`${COMPLETE}<Contents><LastModified>2026-01-01</LastModified></Contents>`)],
    ['an error', '<Error><Code>AccessDenied</Code></Error>'],
    ['nothing', ''],
  ])('is refused when it is %s', (_, xml) => {
    expect(() => parseListing(xml, 'a/')).toThrow('not understood');
  });
});
