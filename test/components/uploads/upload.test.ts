// @vitest-environment node
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { UploadTransport } from '../../../components/uploads/transport.ts';
import { fakeBrowser } from './fakeBrowser.ts';
import { fakeBucket } from './fakeBucket.ts';
import { pictureFile, pngBytes } from './pictures.ts';

/** A tab whose uploads hang until they are released. */
function setUp() {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  return { browser, bucket, tab: browser.open({ transport: bucket.transport }) };
}

describe('what is refused while the user still has the file', () => {
  test.each([
    ['EMPTY_FILE', new File([], 'a.jpg')],
    ['NOT_AN_IMAGE', new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], 'a.png', { type: 'image/png' })],
    ['FILE_TOO_LARGE', new File([new Uint8Array(2_001)], 'a.png')],
  ])('%s', async (code, file) => {
    const browser = fakeBrowser();
    const { uploads } = browser.open({ transport: fakeBucket().transport, limits: { maxFileSize: 2_000 } });
    await expect(uploads.upload(file)).rejects.toMatchObject({ code, hint: expect.any(String) as string });
    expect(await browser.rows('jobs')).toEqual([]);
    expect(uploads.list()).toEqual([]);
  });

  test('FILE_UNREADABLE', async () => {
    const { tab } = setUp();
    const file = pictureFile(1, 'IMG_1.png');
    vi.spyOn(file, 'arrayBuffer').mockRejectedValue(new DOMException('gone', 'NotReadableError'));
    await expect(tab.uploads.upload(file)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  test('I13: OUTBOX_FULL, also when another tab has filled it', async () => {
    const browser = fakeBrowser();
    browser.isOnline = false;
    const size = pngBytes(1).byteLength;
    const options = { transport: fakeBucket().transport, limits: { maxOutboxSize: 2 * size } };
    await browser.open(options).uploads.upload([pictureFile(1), pictureFile(2)]);
    const other = browser.open(options);
    await expect(other.uploads.upload(pictureFile(3))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    expect(await browser.rows('jobs')).toHaveLength(2);
  });

  test('the good ones of a call are saved; all refusals are told', async () => {
    const { browser, tab } = setUp();
    const bad = [new File([], 'a.jpg'), new File(['text'], 'b.jpg')];
    const refused = await tab.uploads
      .upload([bad[0] ?? '', pictureFile(1), bad[1] ?? ''] as File[])
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'SOME_REFUSED',
      message: '“a.jpg” is empty. “b.jpg” is no picture.',
      errors: [
        { code: 'EMPTY_FILE', filename: 'a.jpg' },
        { code: 'NOT_AN_IMAGE', filename: 'b.jpg' },
      ],
      saved: [{ filename: '1.png' }],
    });
    await browser.settle();
    expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded', filename: '1.png' }]);
  });

  test('N7: one refusal of several files says its file, and which were kept', async () => {
    const { tab } = setUp();
    const refused: unknown = await tab.uploads
      .upload([pictureFile(1), new File([], 'a.jpg'), pictureFile(2)])
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'EMPTY_FILE',
      filename: 'a.jpg',
      errors: [{ code: 'EMPTY_FILE', filename: 'a.jpg' }],
      saved: [{ filename: '1.png' }, { filename: '2.png' }],
    });
  });

  test('N7: of many refusals three are said, and a hint that fits some of them only is left out', async () => {
    const { tab } = setUp();
    const files = ['a', 'b', 'c', 'd'].map((name) => new File([], `${name}.jpg`));
    await expect(tab.uploads.upload(files)).rejects.toMatchObject({
      message: '“a.jpg” is empty. “b.jpg” is empty. “c.jpg” is empty. One more was refused.',
      hint: expect.stringContaining('save it first') as string,
    });
    await expect(tab.uploads.upload([...files, new File(['text'], 'e.txt')])).rejects.toMatchObject({
      message: '“a.jpg” is empty. “b.jpg” is empty. “c.jpg” is empty. 2 more were refused.',
      hint: expect.stringContaining('`errors`') as string,
    });
  });

  test('N7: an error of the storage names the file, too, and a Blob without a name has none', async () => {
    const browser = fakeBrowser();
    const options = { transport: fakeBucket().transport, limits: { maxOutboxSize: 10 } };
    const { uploads } = browser.open(options);
    await expect(uploads.upload(pictureFile(3))).rejects.toMatchObject({
      code: 'OUTBOX_FULL',
      message: expect.stringContaining('“3.png”: ') as string,
      filename: '3.png',
    });
    await expect(uploads.upload(new Blob([]))).rejects.toMatchObject({
      message: 'The picture is empty.',
      filename: undefined,
    });
  });

  test('several are saved at a time, and keep the order in which they were picked', async () => {
    const { tab } = setUp();
    const files = [1, 2, 3, 4].map((n) => pictureFile(n));
    const [slow] = files;
    let read = (): void => {};
    const bytes = await slow?.arrayBuffer();
    if (slow)
      vi.spyOn(slow, 'arrayBuffer').mockReturnValue(
        new Promise((resolve) => (read = () => resolve(bytes ?? new ArrayBuffer()))),
      );
    const saving = tab.uploads.upload(files);
    await vi.waitFor(() => expect(tab.uploads.list()).toHaveLength(3));
    read();
    const names = (await saving).map(({ filename }) => filename);
    expect(names).toEqual(['1.png', '2.png', '3.png', '4.png']);
    expect(tab.uploads.list().map(({ filename }) => filename)).toEqual(names.toReversed());
  });

  test('STORAGE_UNAVAILABLE where there is no database, as in some private windows', async () => {
    const { tab } = setUp();
    vi.stubGlobal('indexedDB', {
      open() {
        throw new DOMException('The user denied permission', 'SecurityError');
      },
    });
    await tab.uploads.close();
    await expect(tab.uploads.upload(pictureFile(1))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });
});

test('a cut picture is taken, with a warning', async () => {
  const { tab } = setUp();
  const [upload] = await tab.uploads.upload(new File([pngBytes(1).slice(0, -12)], 'a.png'));
  expect(upload?.warning).toBe('CUT_IMAGE');
});

test('a blob has a name, given or made', async () => {
  const { tab } = setUp();
  const blob = new Blob([pngBytes(1)]);
  const [one] = await tab.uploads.upload(blob, { filename: 'Pasted.png' });
  const [other] = await tab.uploads.upload(blob);
  expect([one?.filename, other?.filename]).toEqual(['Pasted.png', 'picture.png']);
});

test('a name with half a character, which no header can carry, is mended', async () => {
  const { tab } = setUp();
  const [upload] = await tab.uploads.upload(pictureFile(1, 'Beach \uD83C.png'));
  expect(upload?.filename).toBe('Beach \uFFFD.png');
  const [long] = await tab.uploads.upload(pictureFile(2, `${'🏖'.repeat(200)}x.png`));
  expect(encodeURIComponent(long?.filename ?? '')).toMatch(/\.png$/);
});

test('I2: it is `saving` until the transaction is complete, and `upload()` resolves no earlier', async () => {
  const { browser, tab } = setUp();
  browser.isOnline = false;
  const seen = new Set<string>();
  tab.uploads.subscribe(() => {
    for (const { status, places } of tab.uploads.list()) seen.add(`${status} ${places.join()}`);
  });
  await tab.uploads.upload(pictureFile(1));
  expect(await browser.rows('bytes')).toHaveLength(1);
  expect([...seen]).toEqual(['saving ', 'pending browser']);
});

test('I12: what is kept and sent says nothing of the place any more', async () => {
  const { browser, bucket, tab } = setUp();
  browser.isOnline = false;
  await tab.uploads.upload(pictureFile(1));
  const [held] = (await browser.rows('bytes')) as Blob[];
  expect(await held?.text()).not.toContain('GPS');
  browser.isOnline = true;
  tab.uploads.notifySynced();
  await browser.settle();
  expect(bucket.complaints).toEqual([]);
});

describe('cancel', () => {
  test('drops the bytes, breaks off what is under way, and tells the server', async () => {
    const { browser, bucket, tab } = setUp();
    bucket.otherwise = 'hang';
    const [upload] = await tab.uploads.upload(pictureFile(1));
    const end = upload?.stored.catch((error: unknown) => error);
    await browser.settle();
    expect(await upload?.cancel()).toEqual({ canceled: true });
    await browser.settle();
    expect(await browser.rows('bytes')).toEqual([]);
    expect(bucket.canceled).toEqual([upload?.jobId]);
    expect(tab.uploads.list()).toMatchObject([{ status: 'canceled', places: [], progress: null }]);
    expect(await end).toMatchObject({ code: 'CANCELED' });
  });

  test('is told later when nothing answers now, also by the next tab', async () => {
    const { browser, bucket, tab } = setUp();
    Object.assign(bucket, { otherwise: 'unreachable', isReachable: false });
    const [upload] = await tab.uploads.upload(pictureFile(1));
    await upload?.cancel();
    await browser.pass(60_000);
    tab.kill();
    bucket.isReachable = true;
    browser.open({ transport: bucket.transport });
    await browser.pass(60_000);
    expect(bucket.canceled).toEqual([upload?.jobId]);
  });

  test('comes too late when the bucket has it', async () => {
    const { browser, tab } = setUp();
    const [upload] = await tab.uploads.upload(pictureFile(1));
    await browser.settle();
    expect(await upload?.cancel()).toEqual({ canceled: false });
    expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded' }]);
  });
});

test('pause and resume', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'hang';
  const [upload] = await tab.uploads.upload(pictureFile(1));
  await browser.settle();
  await upload?.pause();
  await browser.pass(60_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'paused', places: ['browser'], progress: null }]);
  bucket.otherwise = 'stored';
  await upload?.resume();
  await browser.settle();
  expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded' }]);
});

test('one that a server has accepted is asked for until it is stored; the browser keeps its copy', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'accepted';
  await tab.uploads.upload(pictureFile(1));
  await browser.pass(10 * 60_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'processing', places: ['browser', 'server'] }]);
  expect(bucket.checked.length).toBeLessThan(25);
  bucket.work();
  await browser.pass(60_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded' }]);
  expect(bucket.sent).toHaveLength(1);
});

test('what blocks the server is shown with its hint, and ends by itself when it is put right', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'accepted';
  bucket.refusal = {
    state: 'blocked',
    error: { code: 'UPSTREAM_FORBIDDEN', message: 'No.', hint: 'Set credentials.' },
  };
  await tab.uploads.upload(pictureFile(1));
  await browser.pass(60_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'blocked', places: ['browser', 'server'] }]);
  expect(tab.uploads.status()).toMatchObject({ network: 'online', blocked: { hint: 'Set credentials.' } });
  bucket.work();
  await browser.pass(60_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded', error: null }]);
  expect(bucket.sent).toHaveLength(1);
});

test('what a server has given up is tried again there, without sending the bytes once more', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'accepted';
  bucket.refusal = { state: 'failed', error: { code: 'UPSTREAM_ERROR', message: 'HTTP 500 six times.' } };
  await tab.uploads.upload(pictureFile(1));
  await browser.pass(10_000);
  const [failed] = tab.uploads.list();
  expect(failed).toMatchObject({ status: 'failed', places: ['browser', 'server'] });
  bucket.refusal = undefined;
  await failed?.retry();
  await browser.pass(100);
  expect(bucket.retried).toEqual([failed?.jobId]);
  bucket.work();
  await browser.pass(60_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded' }]);
  expect(bucket.sent).toHaveLength(1);
});

test('after another transport than ours, our server is asked to fetch the picture into its cache', async () => {
  const asked = vi.fn<typeof fetch>(async () => new Response('{}'));
  const browser = fakeBrowser();
  vi.stubGlobal('fetch', asked);
  const { uploads } = browser.open({ transport: fakeBucket().transport, base: '/api/cache' });
  const [upload] = await uploads.upload(pictureFile(1));
  await browser.settle();
  const [url, init] = asked.mock.calls[0] ?? [];
  expect([url, init?.method]).toEqual(['/api/cache/prefetch', 'POST']);
  expect(JSON.parse(init?.body as string)).toEqual({
    actor_id: 'default',
    images: [{ s3_url: `https://b.s3.amazonaws.com/uploads/${upload?.imageId?.slice(0, 2)}/${upload?.imageId}.png` }],
  });
});

test('C11: a server that has lost what it had accepted gets it again', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'accepted';
  await tab.uploads.upload(pictureFile(1));
  await browser.settle();
  bucket.accepted.clear();
  bucket.otherwise = 'stored';
  await browser.pass(5_000);
  expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded' }]);
});

test('C9: after a crash the other side is asked before anything is sent again', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'hang';
  await tab.uploads.upload([pictureFile(1), pictureFile(2), pictureFile(3)]);
  await browser.settle();
  tab.kill();
  for (const job of bucket.sent) bucket.accepted.set(job.jobId, job);
  bucket.otherwise = 'stored';
  const { uploads } = browser.open({ transport: bucket.transport });
  await browser.pass(1_000);
  expect(uploads.list().map(({ status }) => status)).toEqual(['uploaded', 'processing', 'processing']);
  expect(bucket.sent).toHaveLength(3);
});

test('a permanent refusal fails at once; the bytes are kept, and never expire', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.outcomes = [413];
  await tab.uploads.upload([pictureFile(1), pictureFile(2)]);
  await browser.pass(1_000);
  tab.kill();
  browser.jump(30 * 86_400_000);
  const { uploads } = browser.open({ transport: bucket.transport });
  await browser.pass(1_000);
  // The row of the other one was kept for a week.
  expect(uploads.list()).toMatchObject([{ status: 'failed', places: ['browser'], error: { code: 'TOO_LARGE' } }]);
  await uploads.list()[0]?.retry();
  await browser.pass(1_000);
  expect(uploads.list()).toMatchObject([{ status: 'uploaded' }]);
});

test('the same picture twice is sent once', async () => {
  const { browser, bucket, tab } = setUp();
  await tab.uploads.upload([pictureFile(1), pictureFile(1), pictureFile(1)]);
  await browser.pass(1_000);
  expect(tab.uploads.list().map(({ status }) => status)).toEqual(Array(3).fill('uploaded'));
  expect(bucket.objects.size).toBe(1);
  expect(bucket.complaints).toEqual([]);
});

describe('C24: a browser that has forgotten everything', () => {
  /** What a server that keeps `accepted` says of itself. */
  function setUpList() {
    const browser = fakeBrowser();
    const bucket = fakeBucket();
    const asked: unknown[] = [];
    let isAway = false;
    const list: UploadTransport['list'] = async (whose) => {
      asked.push(whose);
      if (isAway) throw new TypeError('Failed to fetch');
      return Array.from(bucket.accepted.values(), ({ jobId, sha256, filename, type, size }) => {
        const answer = bucket.refusal ?? ({ state: 'accepted' } as const);
        return { jobId, sha256, ext: 'png', filename, type, size, createdAt: browser.now, answer };
      });
    };
    const transport = { ...bucket.transport, list };
    return { browser, bucket, asked, transport, setAway: (next: boolean) => void (isAway = next) };
  }

  test('shows again what the server has, until the bucket has it', async () => {
    const { browser, bucket, transport, asked, setAway } = setUpList();
    bucket.otherwise = 'accepted';
    const first = browser.open({ transport, owner: 'ann' });
    const [before] = await first.uploads.upload(pictureFile(1, 'Beach.png'));
    await browser.settle();
    first.kill();
    await browser.evict();
    setAway(true);
    const { uploads, page } = browser.open({ transport, owner: 'ann' });
    await browser.settle();
    expect(uploads.list()).toEqual([]);
    setAway(false);
    page('reached');
    await browser.settle();
    expect(uploads.list()).toMatchObject([
      { jobId: before?.jobId, ref: before?.ref, filename: 'Beach.png', status: 'processing', places: ['server'] },
    ]);
    bucket.work();
    await browser.pass(5_000);
    expect(uploads.list()).toMatchObject([{ status: 'uploaded', places: ['bucket'] }]);
    page('reached');
    await browser.settle();
    // At the first start, and as long as nothing had answered.
    const whose = { project: 'test', owner: 'ann' };
    expect(asked).toEqual([whose, whose, whose]);
    expect(bucket.complaints).toEqual([]);
  });

  test.each([
    ['which tries it again', false, 'processing'],
    ['which has lost it by now', true, 'missing'],
  ])('a retry of what failed is asked of the server, %s', async (_, isLost, status) => {
    const { browser, bucket, transport } = setUpList();
    bucket.otherwise = 'accepted';
    const first = browser.open({ transport });
    await first.uploads.upload(pictureFile(1));
    await browser.settle();
    first.kill();
    await browser.evict();
    bucket.refusal = { state: 'failed', error: { code: 'UPSTREAM_ERROR', message: 'No.' } };
    const { uploads } = browser.open({ transport });
    await browser.settle();
    expect(uploads.list()).toMatchObject([{ status: 'failed', error: { code: 'UPSTREAM_ERROR' } }]);
    bucket.refusal = undefined;
    if (isLost) bucket.accepted.clear();
    await uploads.list()[0]?.retry();
    await browser.pass(1_000);
    expect(uploads.list()).toMatchObject([{ status }]);
    expect(bucket.sent).toHaveLength(1);
  });
});

test('a browser that has evicted the bytes says that they are missing, and does not hold up the others', async () => {
  const { browser, bucket, tab } = setUp();
  browser.isOnline = false;
  await tab.uploads.upload([pictureFile(1), pictureFile(2)]);
  await browser.evict();
  browser.isOnline = true;
  tab.page('reached');
  await browser.settle();
  expect(tab.uploads.list().map(({ status }) => status)).toEqual(['missing', 'missing']);
  await tab.uploads.upload(pictureFile(1));
  await browser.settle();
  expect(tab.uploads.list()[0]?.status).toBe('uploaded');
  expect(bucket.complaints).toEqual([]);
});

describe('bytes that the browser has, and cannot read at the moment', () => {
  test.each([
    ['before they are sent', false],
    ['before they are prepared', true],
  ])(
    '%s: nothing of them is removed, the others go on, and they are sent as soon as they can be read',
    async (_, isStaged) => {
      const { browser, bucket, tab } = setUp();
      browser.isOnline = false;
      if (isStaged) vi.spyOn(crypto.subtle, 'digest').mockRejectedValueOnce(new Error('The tab is closed.'));
      await tab.uploads.upload(pictureFile(1));
      await browser.settle();
      const read = vi
        .spyOn(Blob.prototype, 'arrayBuffer')
        .mockRejectedValue(new DOMException('The file is locked.', 'NotReadableError'));
      onTestFinished(() => read.mockRestore());
      tab.uploads
        .list()[0]
        ?.retry()
        .catch(() => {});
      browser.isOnline = true;
      tab.page('reached');
      await browser.pass(20_000);
      expect(tab.uploads.list()).toMatchObject([
        { status: 'pending', places: ['browser'], error: { code: 'BYTES_UNREADABLE' }, attempts: 0 },
      ]);
      await expect(tab.uploads.list()[0]?.saveToDisk()).rejects.toMatchObject({ code: 'BYTES_UNREADABLE' });
      expect(await browser.rows('bytes')).toHaveLength(1);
      expect(bucket.sent).toEqual([]);
      read.mockRestore();
      await browser.pass(90_000);
      expect(tab.uploads.list()).toMatchObject([{ status: 'uploaded' }]);
      expect(bucket.complaints).toEqual([]);
    },
  );
});

test('bytes by reference are there until the bucket has them', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'hang';
  const [upload] = await tab.uploads.upload(pictureFile(1));
  const ref = upload?.ref ?? '';
  expect(await tab.uploads.bytesOf(ref)).toMatchObject({ size: upload?.size, type: 'image/png' });
  expect(await tab.uploads.bytesOf(`/elsewhere/i/${upload?.imageId}.png`)).toBeDefined();
  bucket.release();
  await browser.settle();
  expect(await tab.uploads.bytesOf(ref)).toBeUndefined();
});

test('an upload stays the same object until something of it changes', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'hang';
  await tab.uploads.upload([pictureFile(1), pictureFile(2), pictureFile(3), pictureFile(4)]);
  await browser.settle();
  const before = tab.uploads.list();
  expect(tab.uploads.list()).toBe(before);
  await before.at(-1)?.cancel();
  expect(tab.uploads.list()).not.toBe(before);
  expect(tab.uploads.list()[0]).toBe(before[0]);
});

test('D8: leaving the page is asked about while something is not saved yet, and not any more when it is', async () => {
  const { browser, bucket, tab } = setUp();
  bucket.otherwise = 'unreachable';
  const [slow, other] = [pictureFile(1), pictureFile(2)];
  const bytes = await slow.arrayBuffer();
  let read = (): void => {};
  vi.spyOn(slow, 'arrayBuffer').mockReturnValue(new Promise((resolve) => (read = () => resolve(bytes))));
  const saving = tab.uploads.upload([slow, other, new File([], 'empty.jpg')]).catch(() => {});
  await vi.waitFor(() => expect(tab.uploads.list()).toMatchObject([{ filename: '2.png', status: 'pending' }]));
  expect(browser.holds.size).toBe(1);
  read();
  await saving;
  expect(tab.uploads.list().map(({ status }) => status)).toEqual(['pending', 'pending']);
  expect(browser.holds.size).toBe(0);
});

test('D8: a picture that is durable, but not prepared yet, is safe already', async () => {
  const { browser, tab } = setUp();
  let hash = (): void => {};
  vi.spyOn(crypto.subtle, 'digest').mockReturnValue(
    new Promise((resolve) => (hash = () => resolve(new ArrayBuffer(32)))),
  );
  const saving = tab.uploads.upload(pictureFile(1));
  await vi.waitFor(() => expect(tab.uploads.list()).toMatchObject([{ status: 'pending' }]));
  expect(browser.holds.size).toBe(0);
  hash();
  await saving;
  await expect(tab.uploads.upload([])).resolves.toEqual([]);
  expect(browser.holds.size).toBe(0);
});

test('N3: an app without a server of ours says where its pictures are shown from', () => {
  const browser = fakeBrowser();
  const { transport } = fakeBucket();
  const ref = `/api/cache/i/${'ab'.repeat(16)}.png`;
  const urlOf = (imageRef: string): string => `https://cdn.example.com/${imageRef.split('/').at(-1)}`;
  expect(browser.open({ transport, urlOf }).uploads.urlOf(ref)).toBe(`https://cdn.example.com/${'ab'.repeat(16)}.png`);
  expect(browser.open({ transport, base: '/imgs', urlOf: () => undefined }).uploads.urlOf(ref)).toBeUndefined();
});
