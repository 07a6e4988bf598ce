import { describe, expect, it, onTestFinished } from 'vitest';
import { testPicture, testPictures } from './stand/pictures.ts';
import { openStandPage, type StandPage } from './stand/standPage.ts';
import type { UploadsStand } from './stand/uploadsStand.ts';
import { useStand } from './stand/useStand.ts';

const used = useStand();

const TRANSPORTS = [
  { transport: 'server', put: /^PUT \/api\/cache\/uploads\//, isToBucket: false },
  { transport: 'presigned', put: /^PUT \/pictures\//, isToBucket: true },
  { transport: 'own', put: /^PUT \/__own\//, isToBucket: false },
];

describe.each(TRANSPORTS)('by the transport $transport', ({ transport, put, isToBucket }) => {
  async function open(): Promise<StandPage & { cuts: UploadsStand['toBucket'] }> {
    const site = await used.openSite();
    const opened = await openStandPage(used.browser.context, site.origin, { transport });
    onTestFinished(() => opened.page.close());
    return { ...opened, cuts: isToBucket ? used.stand.toBucket : site.proxy };
  }

  it('pictures that were saved are in the bucket, byte by byte', async () => {
    const pictures = await testPictures(5, `${transport}-`);
    const tab = await open();
    await tab.save(...pictures);
    await expect.poll(() => tab.statuses()).toEqual(pictures.map(({ name }) => `${name} uploaded`).toSorted());
    const objects = await used.stand.objects();
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
    expect((await used.stand.objects()).get(picture.key)).toBe(picture.sha256);
    if (transport !== 'own') expect(used.stand.writes().get(picture.key)).toBe(1);
  });

  it('C6: a connection that is cut in the middle of a picture costs no try, and it is sent again', async () => {
    const picture = await testPicture(`${transport}-cut`, 400_000);
    const tab = await open();
    const rule = tab.cuts.breakNext(put, { type: 'cut', afterBytes: 150_000 }, 2);
    await tab.save(picture);
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect(rule.times).toBe(0);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await used.stand.objects()).get(picture.key)).toBe(picture.sha256);
  });

  it('C5: a page that is reloaded in the middle of sending goes on', async () => {
    const picture = await testPicture(`${transport}-reload`, 300_000);
    const tab = await open();
    const swallowed = tab.cuts.breakNext(put, { type: 'blackHole' });
    await tab.save(picture);
    await expect.poll(() => swallowed.times).toBe(0);
    await tab.page.reload();
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await used.stand.objects()).get(picture.key)).toBe(picture.sha256);
  });

  it('a bucket that answers everything by 503 costs no try, and the picture is sent when it is back', async () => {
    const picture = await testPicture(`${transport}-outage`);
    const tab = await open();
    used.stand.s3.faults.putSlowDown = 1;
    const before = used.stand.s3.stats.requests;
    await tab.save(picture);
    await expect.poll(() => used.stand.s3.stats.requests).toBeGreaterThan(before);
    expect(await tab.statuses()).not.toEqual([`${picture.name} uploaded`]);
    used.stand.mend();
    await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toEqual([`${picture.name} uploaded`]);
    expect((await tab.rows())[0]?.attempts).toBe(0);
    expect((await used.stand.objects()).get(picture.key)).toBe(picture.sha256);
  });
});
