// @vitest-environment node
import { expect, test } from 'vitest';
import { fakeBrowser } from './fakeBrowser.ts';
import { fakeBucket } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

const HOUR = 3_600_000;
const files = (count: number, from = 0): File[] =>
  Array.from({ length: count }, (_, index) => pictureFile(from + index));

test.each([
  ['nothing answers', 'unreachable', false],
  ['everything is answered 503', 503, true],
  ['the credentials have expired', 403, true],
] as const)('an hour in which %s fails nothing and costs no try', async (_, otherwise, isReachable) => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  Object.assign(bucket, { otherwise, isReachable });
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(files(5));
  await browser.pass(HOUR);
  const waiting = uploads.list();
  expect(waiting.map(({ status }) => status)).toEqual(Array(5).fill(otherwise === 403 ? 'blocked' : 'pending'));
  expect(waiting.map(({ attempts }) => attempts)).toEqual(Array(5).fill(0));
  expect(uploads.status().network).toBe(otherwise === 403 ? 'blocked' : 'unreachable');
  expect(bucket.sent.length).toBeLessThan(120);
  Object.assign(bucket, { otherwise: 'stored', isReachable: true });
  await browser.pass(11 * 60_000);
  expect(uploads.list().map(({ status }) => status)).toEqual(Array(5).fill('uploaded'));
  expect(uploads.status().network).toBe('online');
  expect(bucket.complaints).toEqual([]);
});

test('I9: six tries answered 503 of one picture while others succeed fail that one; its bytes are there, and a retry works', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  const { uploads } = browser.open({ transport: bucket.transport });
  bucket.otherwise = ({ filename }) => (filename === '0.png' ? 503 : 'stored');
  browser.isOnline = false;
  const [{ jobId: poison } = { jobId: '' }] = await uploads.upload(files(2));
  browser.isOnline = true;
  uploads.notifySynced();
  const began = browser.now;
  for (let number = 2; number < 200 && uploads.get(poison)?.status !== 'failed'; number += 1) {
    await browser.pass(browser.now - began < 10_000 ? 400 : 10_000);
    await uploads.upload(pictureFile(number));
  }
  // The delays are 1 s, 5 s, 30 s, 2 min and 10 min.
  expect(browser.now - began).toBeGreaterThan(756_000);
  expect(browser.now - began).toBeLessThan(800_000);
  expect(uploads.get(poison)).toMatchObject({
    status: 'failed',
    attempts: 6,
    maxAttempts: 6,
    places: ['browser'],
    error: { code: 'STORE_ERROR' },
  });
  expect(bucket.sent.filter(({ jobId }) => jobId === poison).length).toBe(6);
  expect(uploads.list().filter(({ status }) => status === 'uploaded').length).toBeGreaterThan(5);
  expect(await browser.rows('bytes')).toHaveLength(1);
  bucket.otherwise = 'stored';
  await uploads.get(poison)?.retry();
  await browser.pass(1_000);
  expect(uploads.get(poison)).toMatchObject({ status: 'uploaded', attempts: 0 });
});

test('a picture that the bucket always refuses does not keep others from being stored', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = ({ filename }) => (filename === '0.png' ? 503 : 'stored');
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(files(6));
  await browser.pass(30_000);
  expect(uploads.list().map(({ status }) => status)).toEqual([...Array(5).fill('uploaded'), 'pending']);
});

test('N9: a picture that one owner may not send is blocked by itself, and the others are sent', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = ({ filename }) => (filename === '0.png' ? 403 : 'stored');
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(files(4));
  await browser.pass(5 * 60_000);
  expect(uploads.list().map(({ status }) => status)).toEqual([...Array(3).fill('uploaded'), 'blocked']);
  expect(uploads.list().at(-1)).toMatchObject({ error: { code: 'STORE_FORBIDDEN', hint: 'Sign in.' } });
  expect(uploads.status()).toMatchObject({ network: 'online', counts: { blocked: 1 } });
  expect(uploads.status()).not.toHaveProperty('blocked');
});

test('N9: a picture that waits for its user does not hide what blocks all of them', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = 403;
  const { uploads } = browser.open({ transport: bucket.transport });
  const tiff = new File([Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, ...Array<number>(64).fill(0))], 'scan.tif');
  await uploads.upload(tiff);
  await browser.settle();
  expect(uploads.list()).toMatchObject([{ status: 'blocked', error: { code: 'GPS_NOT_REMOVABLE' } }]);
  expect(uploads.status()).not.toHaveProperty('blocked');
  await uploads.upload(files(1));
  await browser.settle();
  expect(uploads.status()).toMatchObject({ network: 'blocked', blocked: { code: 'STORE_FORBIDDEN' } });
});

test('one for which the connection dies three times while the server answers is charged, so that it cannot go on for ever', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = ({ filename }) => (filename === '0.png' ? 'unreachable' : 'stored');
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(files(2));
  await browser.pass(4 * HOUR);
  expect(uploads.list().map(({ status }) => status)).toEqual(['uploaded', 'failed']);
});

test('what is waiting because nothing answers is tried at once when the network is back, one in back-off is not', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  Object.assign(bucket, { otherwise: 'unreachable', isReachable: false });
  const tab = browser.open({ transport: bucket.transport });
  await tab.uploads.upload(pictureFile(1));
  await browser.pass(10 * 60_000);
  Object.assign(bucket, { otherwise: 'stored', isReachable: true });
  tab.page('reached');
  await browser.settle();
  expect(tab.uploads.list()[0]?.status).toBe('uploaded');

  // Charged, since another has succeeded meanwhile.
  bucket.otherwise = ({ filename }) => (filename === '2.png' ? 503 : 'stored');
  await tab.uploads.upload(files(2, 2));
  await browser.pass(3_000);
  const sent = bucket.sent.length;
  for (let times = 0; times < 20; times += 1) {
    tab.page('reached');
    tab.uploads.notifySynced();
    await browser.settle();
  }
  expect(bucket.sent.length).toBe(sent);
});

test('nothing is sent while the browser is offline', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  browser.isOnline = false;
  const tab = browser.open({ transport: bucket.transport });
  await tab.uploads.upload(pictureFile(1));
  await browser.pass(HOUR);
  expect(bucket.sent).toEqual([]);
  expect(tab.uploads.status()).toMatchObject({ network: 'offline', counts: { pending: 1 } });
  browser.isOnline = true;
  tab.page('reached');
  await browser.settle();
  expect(tab.uploads.list()[0]?.status).toBe('uploaded');
});

test('that the network is gone is shown at once, in all tabs, and so is that it is back', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  const tabs = [browser.open({ transport: bucket.transport }), browser.open({ transport: bucket.transport })];
  await browser.settle();
  const networks = (): string[] => tabs.map(({ uploads }) => uploads.status().network);
  expect(networks()).toEqual(['online', 'online']);
  const heard: string[] = [];
  for (const { uploads } of tabs) uploads.subscribe(() => heard.push(uploads.status().network));
  browser.isOnline = false;
  for (const tab of tabs) tab.page('offline');
  await browser.settle();
  expect(networks()).toEqual(['offline', 'offline']);
  expect(heard).toContain('offline');
  browser.isOnline = true;
  for (const tab of tabs) tab.page('reached');
  await browser.settle();
  expect(networks()).toEqual(['online', 'online']);
});

test('C30: a clock that jumps back or forward leaves nothing stuck', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  Object.assign(bucket, { otherwise: 'unreachable', isReachable: false });
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(files(3));
  await browser.pass(HOUR);
  browser.jump(-1_000 * 24 * HOUR);
  Object.assign(bucket, { otherwise: 'stored', isReachable: true });
  uploads.notifySynced();
  await browser.pass(2 * 60_000);
  expect(uploads.list().map(({ status }) => status)).toEqual(Array(3).fill('uploaded'));
});

test('C30: not even one that waits for a time written before the clock was set back by a year', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = ({ filename }) => (filename === '0.png' ? 503 : 'stored');
  const tab = browser.open({ transport: bucket.transport });
  await tab.uploads.upload(files(3));
  await browser.pass(2_000);
  expect(tab.uploads.list().at(-1)?.nextAttemptAt).toBeGreaterThan(browser.now);
  browser.jump(-365 * 24 * HOUR);
  bucket.otherwise = 'stored';
  tab.kill();
  const other = browser.open({ transport: bucket.transport });
  await browser.pass(60_000);
  expect(other.uploads.list().map(({ status }) => status)).toEqual(Array(3).fill('uploaded'));
});

test('a picture is sent again after a lost answer only if the other side does not have it', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.outcomes = ['lost'];
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(pictureFile(1));
  await browser.pass(5_000);
  expect(uploads.list()).toMatchObject([{ status: 'uploaded', attempts: 0, error: null }]);
  expect(bucket.sent).toHaveLength(1);
});

test('uploads yield to the pictures that the page waits for, but not for ever', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  browser.isPageBusy = true;
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload(pictureFile(1));
  await browser.pass(5_000);
  expect(bucket.sent).toEqual([]);
  browser.isPageBusy = false;
  await browser.pass(250);
  expect(uploads.list()[0]?.status).toBe('uploaded');
  browser.isPageBusy = true;
  await uploads.upload(pictureFile(2));
  await browser.pass(11_000);
  expect(uploads.list()[0]?.status).toBe('uploaded');
});
