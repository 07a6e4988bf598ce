// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import type { ImageUploadsOptions } from '../../../components/uploads/imageUploads.ts';
import type { OnStored, StoredImage } from '../../../components/uploads/onStored.ts';
import { fakeBrowser, type FakeTab } from './fakeBrowser.ts';
import { type FakeBucket, fakeBucket } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

const note = { type: 'note', id: 'a' };
const DAY = 24 * 3_600_000;

/** An app that is told of pictures: it writes down what it has taken. */
function setUp(onStored: OnStored = () => {}) {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  const told: StoredImage[] = [];
  const silent: ImageUploadsOptions = { transport: bucket.transport, base: 'http://server.test/api/cache' };
  const open = (more: ImageUploadsOptions = {}): FakeTab =>
    browser.open({
      ...silent,
      async onStored(stored, context) {
        told.push(stored);
        await onStored(stored, context);
      },
      ...more,
    });
  return { browser, bucket, told, open, silent };
}

const linkOf = ({ uploads }: FakeTab) => uploads.list()[0]?.link;

describe('onStored', () => {
  test('is called once the bucket has the picture, and that is durable', async () => {
    const rows: unknown[] = [];
    const { browser, bucket, told, open } = setUp(async () => void rows.push(...(await browser.rows('jobs'))));
    bucket.otherwise = 'hang';
    const tab = open();
    const [upload] = await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.settle();
    expect(linkOf(tab)).toEqual({ status: 'waiting', attempts: 0, nextAttemptAt: null, error: null });
    expect(told).toEqual([]);
    bucket.release();
    await browser.settle();
    const { imageId, ref, jobId } = upload ?? {};
    const url = `https://b.s3.amazonaws.com/uploads/${imageId?.slice(0, 2)}/${imageId}.png`;
    expect(told).toEqual([{ entity: note, ref, url, imageId, jobId }]);
    expect(rows).toMatchObject([{ jobId, state: 'stored' }]);
    expect(linkOf(tab)?.status).toBe('linked');
  });

  test.each([
    ['our server', 'http://server.test/api/cache', (file: string) => `http://server.test/api/cache/i/${file}`],
    ['its name, where there is no server', false, (file: string) => `/api/cache/i/${file}`],
  ] as const)(
    'the URL is that of %s if the transport tells none: I5, never an empty field',
    async (_, base, expected) => {
      const { browser, bucket, told, open } = setUp();
      const transport: FakeBucket['transport'] = {
        ...bucket.transport,
        send: async (...args) => ({ ...(await bucket.transport.send(...args)), s3_url: '' }),
      };
      const tab = open({ transport, base });
      await tab.uploads.upload(pictureFile(1), { entity: note });
      await browser.settle();
      expect(told.map(({ url }) => url)).toEqual([expected(`${told[0]?.imageId}.png`)]);
      for (const value of Object.values(told[0] ?? {})) expect(value).toBeTruthy();
    },
  );

  test('is for pictures of entities; without it, and without an entity, there is no link', async () => {
    const { browser, told, open, silent } = setUp();
    const tab = open();
    const other = browser.open({ ...silent, owner: 'bob' });
    await tab.uploads.upload(pictureFile(1));
    await other.uploads.upload(pictureFile(1), { entity: note });
    await browser.settle();
    expect([linkOf(tab), linkOf(other), told]).toEqual([null, null, []]);
  });

  test('is called by the tab that sends only, for each of two uploads of one picture', async () => {
    const { browser, told, open } = setUp();
    const [sender, other] = [open(), open()];
    await browser.settle();
    await other.uploads.upload([pictureFile(1), pictureFile(1)], { entity: note });
    await other.uploads.upload(pictureFile(1), { entity: { type: 'note', id: 'b' } });
    await browser.pass(60_000);
    expect(told.map(({ entity }) => entity.id).toSorted()).toEqual(['a', 'a', 'b']);
    for (const { uploads } of [sender, other]) {
      expect(uploads.list().map(({ link }) => link?.status)).toEqual(['linked', 'linked', 'linked']);
    }
  });

  test('one at a time, so that what writes to one note does not meet itself', async () => {
    let running = 0;
    let most = 0;
    const { browser, told, open } = setUp(async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    const { uploads } = open();
    await uploads.upload(
      [1, 2, 3, 4].map((number) => pictureFile(number)),
      { entity: note },
    );
    await browser.pass(1_000);
    expect([told.length, most]).toEqual([4, 1]);
  });
});

describe('the gate', () => {
  test('after-entity: the upload does not wait for the server id, and onStored does', async () => {
    const { browser, told, open } = setUp();
    const tab = open({ gate: 'after-entity' });
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.pass(60_000);
    expect(tab.uploads.list()[0]?.status).toBe('uploaded');
    expect([linkOf(tab)?.status, told]).toEqual(['waiting', []]);
    const other = open({ gate: 'after-entity' });
    await other.uploads.bindEntity(note, 'server-a');
    await browser.settle();
    expect(told).toMatchObject([{ entity: { ...note, serverId: 'server-a' } }]);
    expect(linkOf(other)?.status).toBe('linked');
  });

  test('immediate: it is told without a server id', async () => {
    const { browser, told, open } = setUp();
    await open().uploads.upload(pictureFile(1), { entity: note });
    await browser.settle();
    expect(told).toMatchObject([{ entity: note }]);
  });
});

describe('an app that does not take it', () => {
  test('is told again for ever, with growing pauses, and others are told meanwhile', async () => {
    const { browser, told, open } = setUp(({ entity }) => {
      if (entity.id === 'a') throw new Error('The note is locked: https://x.test/?X-Amz-Signature=secret');
    });
    const tab = open();
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await tab.uploads.upload(pictureFile(2), { entity: { type: 'note', id: 'b' } });
    await browser.settle();
    expect(told.map(({ entity }) => entity.id)).toEqual(['a', 'b']);
    await browser.pass(2 * 3_600_000);
    const tries = told.filter(({ entity }) => entity.id === 'a').length;
    // Six in the first 12 minutes, then one every ten minutes.
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(20);
    const [, first] = tab.uploads.list();
    expect(first?.link).toMatchObject({ status: 'due', attempts: tries, error: { code: 'LINK_FAILED' } });
    expect(first?.link?.nextAttemptAt).toBeGreaterThan(browser.now);
    expect(first?.link?.error?.message).toContain('locked');
    expect(JSON.stringify(first?.link)).not.toContain('secret');
    // It is not a fault of the upload.
    expect(first).toMatchObject({ status: 'uploaded', error: null });
  });

  test('is told offline, and at once when the user retries', async () => {
    let isLocked = true;
    const { browser, told, open } = setUp(() => {
      if (isLocked) throw new Error('locked');
    });
    const tab = open();
    const [upload] = await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.pass(60_000);
    browser.isOnline = false;
    const tries = told.length;
    isLocked = false;
    await upload?.retry();
    await browser.settle();
    expect(told).toHaveLength(tries + 1);
    expect(linkOf(tab)?.status).toBe('linked');
  });

  test('and never ends is given up after two minutes, told by its signal, and tried again', async () => {
    const signals: AbortSignal[] = [];
    const { browser, told, open } = setUp(async ({ entity }, { signal }) => {
      signals.push(signal);
      if (entity.id === 'a') await new Promise(() => {});
    });
    const tab = open();
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await tab.uploads.upload(pictureFile(2), { entity: { type: 'note', id: 'b' } });
    await browser.pass(125_000);
    expect(told.map(({ entity }) => entity.id)).toEqual(['a', 'b', 'a']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false]);
    expect(tab.uploads.list()[1]?.link?.error?.code).toBe('LINK_TIMEOUT');
  });

  test('keeps its row, whatever its age; one that was told goes after a week', async () => {
    let isLocked = true;
    const { browser, open } = setUp(() => {
      if (isLocked) throw new Error('locked');
    });
    const tab = open();
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.pass(1_000);
    tab.kill();
    browser.jump(30 * DAY);
    const next = open();
    await browser.settle();
    expect(linkOf(next)?.status).toBe('due');
    isLocked = false;
    await next.uploads.list()[0]?.retry();
    await browser.settle();
    next.kill();
    browser.jump(6 * DAY);
    const last = open();
    await browser.settle();
    expect(last.uploads.list()).toHaveLength(1);
    last.kill();
    browser.jump(2 * DAY);
    expect(open().uploads.list()).toEqual([]);
    await browser.settle();
    expect(await browser.rows('jobs')).toEqual([]);
  });

  test('C30: a clock that is set back leaves none waiting for days', async () => {
    let isLocked = true;
    const { browser, open } = setUp(() => {
      if (isLocked) throw new Error('locked');
    });
    const tab = open();
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.pass(30_000);
    browser.jump(-30 * DAY);
    isLocked = false;
    await browser.pass(60_000);
    expect(linkOf(tab)?.status).toBe('linked');
  });
});

describe('a browser that is killed', () => {
  test('C16: before the app is told: it is told after the relaunch', async () => {
    const { browser, bucket, told, open } = setUp();
    bucket.otherwise = 'hang';
    const tab = open();
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.settle();
    // The bucket has it, and the browser dies before it knows.
    bucket.takeSilently();
    tab.kill();
    bucket.otherwise = 'stored';
    const next = open();
    await browser.settle();
    expect(told).toHaveLength(1);
    expect(linkOf(next)?.status).toBe('linked');
  });

  test('C16: between the bucket’s answer and the call', async () => {
    const { browser, told, open } = setUp();
    const first = open({ onStored: async () => new Promise(() => {}) });
    await first.uploads.upload(pictureFile(1), { entity: note });
    await browser.settle();
    first.kill();
    expect(told).toEqual([]);
    open();
    await browser.settle();
    expect(told).toHaveLength(1);
  });

  test('C17: after the app has taken it, and before that is written down: it is told again, of the same', async () => {
    const kill = vi.fn<() => void>();
    const { browser, told, open } = setUp(() => kill());
    const tab = open();
    kill.mockImplementationOnce(() => tab.kill());
    await tab.uploads.upload(pictureFile(1), { entity: note });
    await browser.settle();
    expect(told).toHaveLength(1);
    const next = open();
    await browser.settle();
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual(told[0]);
    expect(linkOf(next)?.status).toBe('linked');
    next.kill();
    open();
    await browser.pass(60_000);
    expect(told).toHaveLength(2);
  });
});
