import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import { crash } from './stand/crash.ts';
import { placedPicture, testPicture, type TestPicture } from './stand/pictures.ts';
import { openStandPage, type StandPage } from './stand/standPage.ts';
import type { Site } from './stand/uploadsStand.ts';
import { useStand } from './stand/useStand.ts';

/** How long is waited for a picture to arrive: the server may be waiting for its next try. */
const ARRIVES = { timeout: 20_000 };

const used = useStand();
let site: Site;
beforeEach(async () => {
  site = await used.openSite();
});

const open = (query?: Record<string, string>): Promise<StandPage> =>
  openStandPage(used.browser.context, site.origin, query);

/** The browser is ended by SIGKILL, started on the same profile, and the page opened as if nothing had been. */
async function killAndReopen(): Promise<StandPage> {
  await used.browser.kill();
  await used.browser.relaunch();
  return open();
}

/** Saves a picture in a page where something is broken, until the page stands there. */
async function saveUntil(
  word: 'held' | 'stuck',
  picture: TestPicture,
  query: Record<string, string>,
): Promise<StandPage> {
  const tab = await open(query);
  tab.beginSaving([picture]);
  await expect.poll(() => tab.said).toContain(word);
  return tab;
}

/** The browser has its copy until the bucket has one. */
async function expectAccepted(tab: StandPage): Promise<void> {
  await expect.poll(async () => (await tab.rows())[0]?.places).toEqual(['browser', 'server']);
}

async function expectStored(tab: StandPage, { name, key, sha256 }: TestPicture): Promise<void> {
  await expect.poll(() => tab.statuses(), ARRIVES).toEqual([`${name} uploaded`]);
  expect((await used.stand.objects()).get(key)).toBe(sha256);
  expect(used.stand.writes().get(key)).toBe(1);
}

it('C1: a picture whose transaction has not ended is not called saved, and is not there after a kill', async () => {
  const picture = await testPicture('c1');
  const tab = await saveUntil('held', picture, { hold: 'staged' });
  await tab.page.waitForTimeout(300);
  expect(tab.saved).toEqual(new Set());
  expect(await tab.statuses()).toEqual(['c1 saving']);
  const next = await killAndReopen();
  expect(await next.rows()).toEqual([]);
  await next.save(picture);
  await expectStored(next, picture);
});

it('C2: a picture that was saved, but not yet prepared, is prepared after a kill', async () => {
  const picture = await testPicture('c2');
  await saveUntil('stuck', picture, { stuck: 'digest' });
  await expectStored(await killAndReopen(), picture);
});

it('C3: a picture that crashes the tab while it is encoded anew is sent in its own size after the second time', async () => {
  const picture = await testPicture('c3');
  const query = { stuck: 'encoder', maxEdge: '16' };
  const first = await saveUntil('stuck', picture, query);
  await crash(first);
  const second = await open(query);
  await expect.poll(() => second.said).toContain('stuck');
  await crash(second);
  await expectStored(await open(query), picture);
});

it('C4: killed in the transaction that replaces what was picked by what is sent, it begins anew, and says nothing of the place', async () => {
  const picture = await placedPicture('c4');
  const tab = await saveUntil('held', picture, { hold: 'prepared' });
  expect(tab.saved).toEqual(new Set());
  const next = await killAndReopen();
  await expect.poll(() => next.statuses(), ARRIVES).toEqual(['c4 uploaded']);
  const [row] = await next.rows();
  const name = row?.ref?.split('/').at(-1) ?? '';
  const object = await used.stand.read(`uploads/${name.slice(0, 2)}/${name}`);
  expect([await saysPlace(picture.bytes), await saysPlace(object)]).toEqual([true, false]);
  const [before, after] = await Promise.all([picture.bytes, object].map((bytes) => sharp(bytes).raw().toBuffer()));
  expect(after).toEqual(before);
});

it('C9: killed after the server had accepted, before the browser had taken that down: nothing is sent again', async () => {
  const picture = await testPicture('c9');
  used.stand.s3.faults.putSlowDown = 1;
  await saveUntil('held', picture, { hold: 'accepted' });
  const next = await killAndReopen();
  await expect.poll(() => next.statuses(), ARRIVES).toEqual(['c9 processing']);
  used.stand.mend();
  await expectStored(next, picture);
  const [row] = await next.rows();
  expect((await used.stand.calls()).filter((call) => call === `PUT /uploads/${row?.jobId}`)).toHaveLength(1);
});

it('C18: killed in the transaction that drops the bytes of a picture that is stored: it is stored, and not sent again', async () => {
  const picture = await testPicture('c18');
  await saveUntil('held', picture, { hold: 'stored' });
  const next = await killAndReopen();
  await expectStored(next, picture);
  const [row] = await next.rows();
  expect(row?.places).not.toContain('browser');
  expect((await used.stand.calls()).filter((call) => call === `PUT /uploads/${row?.jobId}`)).toHaveLength(1);
});

it('C5: a page that Vite reloads in the middle of sending goes on', async () => {
  const picture = await testPicture('c5', 300_000);
  const tab = await open();
  const swallowed = site.proxy.breakNext(/^PUT/, { type: 'blackHole' });
  await tab.save(picture);
  await expect.poll(() => swallowed.times).toBe(0);
  const reloaded = tab.page.waitForEvent('load');
  await fetch(`${site.origin}/__reload`);
  await reloaded;
  await expectStored(tab, picture);
});

it('C6, C12: a server that is killed in the middle of a picture, and started again, has it in the end', async () => {
  const picture = await testPicture('c6', 300_000);
  const tab = await open();
  const swallowed = site.proxy.breakNext(/^PUT/, { type: 'blackHole' });
  await tab.save(picture);
  await expect.poll(() => swallowed.times).toBe(0);
  await used.stand.killServer();
  site.proxy.cutAll();
  await expect.poll(async () => (await tab.rows())[0]?.error?.code).toBe('UNREACHABLE');
  await used.stand.startServer();
  await expectStored(tab, picture);
  expect((await tab.rows())[0]?.attempts).toBe(0);
});

it('C12, C13: a server that is killed while the bucket stores a picture, or before it hears of it, ends in one object', async () => {
  const picture = await testPicture('c12');
  const tab = await open();
  const swallowed = used.stand.toBucket.breakNext(/^PUT \/pictures/, { type: 'blackHole' });
  await tab.save(picture);
  await expect.poll(() => swallowed.times).toBe(0);
  await used.stand.killServer();
  used.stand.toBucket.cutAll();
  const lost = used.stand.toBucket.breakNext(/^PUT \/pictures/, { type: 'loseAnswer' });
  await used.stand.startServer();
  await expect.poll(() => lost.times, ARRIVES).toBe(0);
  await used.stand.killServer();
  await used.stand.startServer();
  // Vite may have been reloading the page when its server was killed.
  await tab.page.goto(site.origin);
  await expectStored(tab, picture);
  expect((await tab.rows())[0]?.attempts).toBe(0);
});

it('C10: who removes .image-cache while a picture waits in the outbox loses nothing, and it is shown', async () => {
  const picture = await testPicture('c10');
  used.stand.s3.faults.putSlowDown = 1;
  const tab = await open();
  await tab.save(picture);
  await expectAccepted(tab);
  await restartWithout('.image-cache');
  const [row] = await tab.rows();
  const shown = await fetch(`${site.origin}${row?.ref}`);
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(picture.bytes);
  used.stand.mend();
  await expectStored(tab, picture);
});

it('C11: who removes .image-outbox while a picture waits in it loses nothing, since the browser sends it again', async () => {
  const picture = await testPicture('c11');
  used.stand.s3.faults.putSlowDown = 1;
  const tab = await open();
  await tab.save(picture);
  await expectAccepted(tab);
  await restartWithout('.image-outbox');
  used.stand.mend();
  await expectStored(tab, picture);
});

it('a server that swallows everything is given up after 30 s without progress, and costs no try', async () => {
  const picture = await testPicture('stalled', 300_000);
  const tab = await open();
  await tab.page.clock.install();
  const rule = site.proxy.breakNext(/^PUT/, { type: 'blackHole' });
  await tab.save(picture);
  await expect.poll(() => rule.times).toBe(0);
  await tab.page.clock.fastForward(29_000);
  // All of it may be in the buffers of the sockets by now.
  expect(['stalled uploading', 'stalled processing']).toContain((await tab.statuses())[0]);
  await tab.page.clock.fastForward(2_000);
  await expectStored(tab, picture);
  expect((await tab.rows())[0]?.attempts).toBe(0);
});

it('credentials that have expired block the queue, and a try by hand goes on when they are renewed', async () => {
  const picture = await testPicture('expired');
  const tab = await open();
  used.stand.s3.faults.putExpired = 1;
  await tab.save(picture);
  await expect.poll(() => tab.statuses()).toEqual(['expired blocked']);
  const [row] = await tab.rows();
  expect(row?.error).toMatchObject({ hint: expect.any(String) as string });
  used.stand.mend();
  await tab.page.evaluate(async () => window.stand.uploads.list()[0]?.retry());
  await expectStored(tab, picture);
});

it('C24: an origin that the browser evicts after the server has accepted: the server goes on, and the page shows it again', async () => {
  const [picture, other] = [await testPicture('c24'), await testPicture('c24-other')];
  used.stand.s3.faults.putSlowDown = 1;
  const tab = await open();
  await tab.save(picture);
  await expectAccepted(tab);
  await evict(tab);
  await tab.page.close();
  const next = await open();
  await expect.poll(() => next.rows(), ARRIVES).toMatchObject([{ filename: 'c24', places: ['server'] }]);
  used.stand.mend();
  await expect.poll(async () => (await used.stand.objects()).get(picture.key), ARRIVES).toBe(picture.sha256);
  await next.save(other);
  await expect.poll(() => next.statuses(), ARRIVES).toEqual(['c24 uploaded', 'c24-other uploaded']);
});

it('C25: an origin that the browser evicts before anything was sent: the page says that the picture is missing', async () => {
  const [picture, other] = [await testPicture('c25'), await testPicture('c25-other')];
  const tab = await open();
  await tab.page.context().setOffline(true);
  await tab.save(picture);
  await evict(tab);
  await tab.page.context().setOffline(false);
  await tab.save(other);
  await expect.poll(() => tab.statuses(), ARRIVES).toEqual(['c25 missing', 'c25-other uploaded']);
  expect((await used.stand.objects()).has(picture.key)).toBe(false);
});

/** The server is down meanwhile. */
async function restartWithout(folder: string): Promise<void> {
  await used.stand.killServer();
  await rm(join(used.stand.directory, folder), { recursive: true });
  await used.stand.startServer();
}

/** Whether its EXIF data point to GPS data. */
async function saysPlace(bytes: Buffer): Promise<boolean> {
  const { exif } = await sharp(bytes).metadata();
  return exif !== undefined && (exif.includes('8825', 0, 'hex') || exif.includes('2588', 0, 'hex'));
}

async function evict({ page }: StandPage): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'all' });
  await session.detach();
}
