import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type KillableBrowser, launchKillable } from './stand/killableBrowser.ts';
import { testPicture, testPictures } from './stand/pictures.ts';
import { openStandPage, type StandPage } from './stand/standPage.ts';
import { startUploadsStand, type UploadsStand } from './stand/uploadsStand.ts';

let stand: UploadsStand;
let browser: KillableBrowser;

beforeAll(async () => {
  [stand, browser] = await Promise.all([startUploadsStand(), launchKillable()]);
});
afterAll(async () => {
  await browser.close();
  await stand.close();
});

const TRANSPORTS = [
  { transport: 'server', put: /^PUT \/api\/cache\/uploads\//, isToBucket: false },
  { transport: 'presigned', put: /^PUT \/pictures\//, isToBucket: true },
  { transport: 'own', put: /^PUT \/__own\//, isToBucket: false },
];

describe.each(TRANSPORTS)('by the transport $transport', ({ transport, put, isToBucket }) => {
  async function open(): Promise<StandPage & { cuts: UploadsStand['toBucket'] }> {
    const site = await stand.openSite();
    const opened = await openStandPage(browser.context, site.origin, { transport });
    onTestFinished(async () => {
      stand.mend();
      await opened.page.close();
    });
    return { ...opened, cuts: isToBucket ? stand.toBucket : site.proxy };
  }

  it('pictures that were saved are in the bucket, byte by byte', async () => {
    const pictures = await testPictures(5, `${transport}-`);
    const tab = await open();
    await tab.save(...pictures);
    await expect.poll(() => tab.statuses()).toEqual(pictures.map(({ name }) => `${name} uploaded`).toSorted());
    const objects = await stand.objects();
    for (const { key, sha256 } of pictures) expect(objects.get(key)).toBe(sha256);
  });

  it('C8, C13: an answer that is lost costs no try and writes no object twice', async () => {
    const picture = await testPicture(`${transport}-lost-answer`);
    const tab = await open();
    const rule = tab.cuts.breakNext(put, { type: 'loseAnswer' }, 2); // Chromium tries once more by itself
    await tab.save(picture);
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect(rule.times).toBe(0);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await stand.objects()).get(picture.key)).toBe(picture.sha256);
    if (transport !== 'own') expect(stand.writes().get(picture.key)).toBe(1);
  });

  it('C6: a connection that is cut in the middle of a picture costs no try, and it is sent again', async () => {
    const picture = await testPicture(`${transport}-cut`, 400_000);
    const tab = await open();
    const rule = tab.cuts.breakNext(put, { type: 'cut', afterBytes: 150_000 });
    await tab.save(picture);
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect(rule.times).toBe(0);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await stand.objects()).get(picture.key)).toBe(picture.sha256);
  });

  it('C5: a page that is reloaded in the middle of sending goes on', async () => {
    const picture = await testPicture(`${transport}-reload`, 300_000);
    const tab = await open();
    tab.cuts.breakNext(put, { type: 'blackHole' });
    await tab.save(picture);
    await expect.poll(() => tab.statuses()).toEqual([`${picture.name} uploading`]);
    await tab.page.reload();
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await stand.objects()).get(picture.key)).toBe(picture.sha256);
  });

  it('a bucket that answers everything by 503 costs no try, and the picture is sent when it is back', async () => {
    const picture = await testPicture(`${transport}-outage`);
    const tab = await open();
    stand.s3.faults.putSlowDown = 1;
    const before = stand.s3.stats.requests;
    await tab.save(picture);
    await expect.poll(() => stand.s3.stats.requests).toBeGreaterThan(before);
    expect(await tab.statuses()).not.toEqual([`${picture.name} uploaded`]);
    stand.mend();
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await stand.objects()).get(picture.key)).toBe(picture.sha256);
  });
});
