// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Entity } from '../../../components/uploads/entity.ts';
import { fakeBrowser, type FakeTab } from './fakeBrowser.ts';
import { fakeBucket } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

describe.each([
  ['with Web Locks', true],
  ['without (http on a LAN address)', false],
])('%s', (_, isSecure) => {
  function setUp() {
    const browser = fakeBrowser();
    browser.isSecure = isSecure;
    return { browser, bucket: fakeBucket() };
  }

  test('200 pictures in two tabs: each is sent once', { timeout: 30_000 }, async () => {
    const { browser, bucket } = setUp();
    const one = browser.open({ transport: bucket.transport });
    const other = browser.open({ transport: bucket.transport });
    const numbers = Array.from({ length: 100 }, (__, index) => index);
    await Promise.all([
      one.uploads.upload(numbers.map((number) => pictureFile(number))),
      other.uploads.upload(numbers.map((number) => pictureFile(number + 100))),
    ]);
    await browser.pass(60_000);
    expect(bucket.sent).toHaveLength(200);
    expect(bucket.objects.size).toBe(200);
    expect(bucket.mostAtOnce).toBeLessThanOrEqual(2);
    expect(bucket.complaints).toEqual([]);
    // All tabs show the same.
    for (const { uploads } of [one, other]) expect(uploads.status().counts.uploaded).toBe(200);
    expect([one, other].filter(({ uploads }) => uploads.status().isSender)).toHaveLength(1);
  });

  test('the other tab goes on when the one that sends is killed, and what had been sent is asked for first', async () => {
    const { browser, bucket } = setUp();
    bucket.otherwise = 'hang';
    const one = browser.open({ transport: bucket.transport });
    await browser.settle();
    const other = browser.open({ transport: bucket.transport });
    await one.uploads.upload([1, 2, 3].map((number) => pictureFile(number)));
    await browser.pass(200);
    expect(bucket.mostAtOnce).toBe(2);
    expect(other.uploads.list().map(({ status }) => status)).toEqual(['pending', 'processing', 'processing']);
    bucket.takeSilently();
    one.kill();
    bucket.otherwise = 'stored';
    await browser.pass(60_000);
    expect(other.uploads.list().map(({ status }) => status)).toEqual(Array(3).fill('uploaded'));
    expect(bucket.sent).toHaveLength(3);
  });

  test('tabs that are started twice, as by StrictMode, are one sender all the same', async () => {
    const { browser, bucket } = setUp();
    bucket.otherwise = 'hang';
    const one = browser.open({ transport: bucket.transport });
    one.restart();
    await browser.settle();
    const other = browser.open({ transport: bucket.transport });
    other.restart();
    await browser.settle();
    expect([one, other].map(({ uploads }) => uploads.status().isSender)).toEqual([true, false]);
    await other.uploads.upload([1, 2, 3].map((number) => pictureFile(number)));
    await browser.pass(60_000);
    expect(bucket.sent).toHaveLength(2);
    expect(bucket.complaints).toEqual([]);
  });

  /** Two tabs, and an app whose `onStored` takes a while. */
  function setUpLinks() {
    const { browser, bucket } = setUp();
    const told = new Map<string, number>();
    /** What each tab is telling, as long as it lives. */
    const telling = new Map<FakeTab, string>();
    const complaints: string[] = [];
    const open = (): FakeTab => {
      const tab: FakeTab = browser.open({
        transport: bucket.transport,
        async onStored({ jobId }) {
          if (telling.size > 0) complaints.push(`${jobId} is told while ${[...telling.values()].join()} is.`);
          if (!tab.uploads.status().isSender) complaints.push(`${jobId} is told by a tab that does not send.`);
          telling.set(tab, jobId);
          told.set(jobId, (told.get(jobId) ?? 0) + 1);
          await new Promise<void>((resolve) => tab.env.after(50, resolve));
          telling.delete(tab);
        },
      });
      return tab;
    };
    /** @returns the picture that it was telling of */
    const kill = (tab: FakeTab): string | undefined => {
      const jobId = telling.get(tab);
      tab.kill();
      telling.delete(tab);
      return jobId;
    };
    return { browser, bucket, told, complaints, open, kill };
  }

  async function uploadTo({ uploads }: FakeTab, entity: Entity, numbers: readonly number[]): Promise<string[]> {
    const added = await uploads.upload(
      numbers.map((number) => pictureFile(number)),
      { entity },
    );
    return added.map(({ jobId }) => jobId);
  }

  test.each([0, 20, 60, 130, 270, 410])(
    'C19: the sending tab is killed %d ms after it began: the app is told of each picture, and twice only of what that tab was telling of',
    async (ms) => {
      const { browser, bucket, told, complaints, open, kill } = setUpLinks();
      const one = open();
      await browser.settle();
      const other = open();
      const saved = await Promise.all([
        uploadTo(one, { type: 'note', id: 'a' }, [1, 2, 3, 4, 5, 6]),
        uploadTo(other, { type: 'note', id: 'b' }, [4, 5, 6, 7, 8, 9]), // three pictures are in both notes
      ]);
      await browser.pass(ms);
      const cut = kill(one);
      await browser.pass(120_000);
      const jobIds = saved.flat();
      expect(other.uploads.list().map(({ status, link }) => `${status} ${link?.status}`)).toEqual(
        Array(12).fill('uploaded linked'),
      );
      expect([...told.keys()].toSorted()).toEqual(jobIds.toSorted());
      for (const [jobId, times] of told) expect([jobId, times]).toEqual([jobId, jobId === cut ? 2 : 1]);
      expect(complaints).toEqual([]);
      expect(bucket.complaints).toEqual([]);
      expect([...bucket.writes.values()]).toEqual(Array(9).fill(1));
    },
  );

  test('C19: the sending tab is killed while it sends what the bucket has taken: the app is told once of each picture', async () => {
    const { browser, bucket, told, complaints, open, kill } = setUpLinks();
    bucket.otherwise = () => (bucket.sent.length > 4 ? 'hang' : 'stored');
    const one = open();
    await browser.settle();
    const other = open();
    const jobIds = [
      ...(await uploadTo(one, { type: 'note', id: 'a' }, [1, 2, 3, 4])),
      ...(await uploadTo(other, { type: 'note', id: 'b' }, [5, 6, 7, 8])),
    ];
    await browser.pass(5_000);
    expect(told.size).toBe(4);
    bucket.takeSilently();
    expect(kill(one)).toBe(undefined);
    bucket.otherwise = 'stored';
    await browser.pass(120_000);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(jobIds.map((jobId) => [jobId, 1])));
    expect([complaints, bucket.complaints]).toEqual([[], []]);
    expect([...bucket.writes.values()]).toEqual(Array(8).fill(1));
  });

  test('a tab that cannot send may cancel and retry: the one that sends does it', async () => {
    const { browser, bucket } = setUp();
    bucket.otherwise = 'hang';
    const sender = browser.open({ transport: bucket.transport });
    await browser.settle();
    const other = browser.open({ transport: bucket.transport });
    await sender.uploads.upload(pictureFile(1));
    await browser.settle();
    const [upload] = other.uploads.list();
    expect(await upload?.cancel()).toEqual({ canceled: true });
    await browser.settle();
    expect(sender.uploads.list()).toMatchObject([{ status: 'canceled', places: [] }]);
    expect(bucket.canceled).toEqual([upload?.jobId]);
    bucket.release();
    await browser.pass(60_000);
    expect(sender.uploads.list()).toMatchObject([{ status: 'canceled' }]);
    expect(bucket.objects.size).toBe(0);
  });
});

test('a tab that is hidden leaves the sending to one that is looked at, when what it sends has come to its end', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = 'hang';
  const one = browser.open({ transport: bucket.transport });
  await browser.settle();
  const other = browser.open({ transport: bucket.transport });
  await one.uploads.upload([1, 2, 3].map((number) => pictureFile(number)));
  await browser.settle();
  one.page('hidden');
  await browser.settle();
  expect(one.uploads.status().isSender).toBe(true);
  bucket.otherwise = 'stored';
  bucket.release();
  await browser.pass(1_000);
  expect([one, other].map(({ uploads }) => uploads.status().isSender)).toEqual([false, true]);
  expect(bucket.sent).toHaveLength(3);
  expect(bucket.complaints).toEqual([]);
});

test('a tab that has no company goes on when it is hidden, as it was', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = 503;
  const tab = browser.open({ transport: bucket.transport });
  await tab.uploads.upload([1, 2, 3].map((number) => pictureFile(number)));
  await browser.pass(600_000);
  const sent = bucket.sent.length;
  // In an outage, looking away and back costs nothing.
  for (let times = 0; times < 20; times += 1) {
    tab.page('hidden');
    tab.page('reached');
    await browser.settle();
  }
  expect(bucket.sent.length).toBe(sent);
  expect(tab.uploads.status().isSender).toBe(true);
});

test('a page that the browser keeps for its back button sends nothing, and goes on when it is shown again', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = 'hang';
  const tab = browser.open({ transport: bucket.transport });
  await tab.uploads.upload(pictureFile(1));
  await browser.settle();
  tab.page('left');
  await browser.pass(60_000);
  expect(tab.uploads.status().isSender).toBe(false);
  bucket.otherwise = 'stored';
  tab.page('shown');
  await browser.settle();
  expect(tab.uploads.list()[0]?.status).toBe('uploaded');
});

test('projects on one port, and owners of one page, keep apart', async () => {
  const browser = fakeBrowser();
  const buckets = [fakeBucket(), fakeBucket(), fakeBucket()] as const;
  const options = [
    { project: 'a', owner: 'ann' },
    { project: 'b', owner: 'ann' },
    { project: 'a', owner: 'bob' },
  ] as const;
  const tabs = options.map((each, index) =>
    browser.open({ ...each, transport: buckets[index]?.transport ?? fakeBucket().transport }),
  );
  await tabs[0]?.uploads.upload(pictureFile(1));
  await browser.pass(1_000);
  expect(buckets.map(({ sent }) => sent.map(({ project, owner }) => ({ project, owner })))).toEqual([
    [options[0]],
    [],
    [],
  ]);
  expect(tabs.map(({ uploads }) => uploads.list().length)).toEqual([1, 0, 0]);
});

/** Another tab of the same origin has a newer version of this code, with a newer database. */
async function openNewerVersion(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('image-cache-uploads:test', 1_000);
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error()));
  });
}

test.each([
  ['with Web Locks', true],
  ['without', false],
])('a tab that is outdated says so, and leaves the sending to the newer one, %s', async (_, isSecure) => {
  const browser = fakeBrowser();
  browser.isSecure = isSecure;
  const bucket = fakeBucket();
  bucket.otherwise = 'hang';
  const { uploads, page, env } = browser.open({ transport: bucket.transport });
  await uploads.upload(pictureFile(1));
  await browser.settle();
  expect(uploads.status().isSender).toBe(true);
  const newer = await openNewerVersion();
  await browser.pass(1_000);
  expect(uploads.status()).toMatchObject({
    isSender: false,
    blocked: { code: 'PAGE_OUTDATED', hint: 'Reload this page.' },
  });
  await expect(uploads.upload(pictureFile(2))).rejects.toMatchObject({ code: 'PAGE_OUTDATED' });
  // It does not come back by itself, and what it held is free.
  page('reached');
  page('hidden');
  page('shown');
  await browser.pass(60_000);
  expect(uploads.status().isSender).toBe(false);
  if (isSecure) {
    const lock = await env.locks?.request('image-cache-uploads:test: send', { ifAvailable: true }, (it) => it?.name);
    expect(lock).toBe('image-cache-uploads:test: send');
  }
  expect(newer.version).toBe(1_000);
  newer.close();
});
