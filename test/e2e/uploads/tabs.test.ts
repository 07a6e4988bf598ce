import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { crash } from './stand/crash.ts';
import { testPicture, testPictures, type TestPicture } from './stand/pictures.ts';
import { openStandPage, type StandPage } from './stand/standPage.ts';
import type { Site } from './stand/uploadsStand.ts';
import { useStand } from './stand/useStand.ts';

/** The phone's case: the name of the host is a LAN address, the page is on plain http, and the browser takes it for insecure. */
const LAN = '192.168.7.7';

const used = useStand({ hmr: false }, [`--host-resolver-rules=MAP ${LAN} 127.0.0.1`]);
let site: Site;
beforeEach(async () => {
  site = await used.openSite();
});

async function twoTabs(
  pictures: readonly TestPicture[],
  host: string,
  transport: string,
): Promise<[StandPage, StandPage]> {
  const origin = site.origin.replace('localhost', host);
  const first = await openStandPage(used.browser.context, origin, { transport });
  const second = await openStandPage(used.browser.context, origin, { transport });
  onTestFinished(() => second.page.close());
  // So that the second tab is still saving when the first one sends.
  used.stand.s3.faults.latencyMs = 100;
  // Some are picked in both.
  const half = pictures.length / 2;
  const shared = half / 10;
  first.beginSaving(pictures.slice(0, half + shared));
  second.beginSaving(pictures.slice(half - shared));
  const isSaved = () => new Set([...first.saved, ...second.saved]).size === pictures.length;
  await expect.poll(isSaved, { timeout: 60_000 }).toBe(true);
  used.stand.mend();
  return [first, second];
}

async function expectEachOnce(tab: StandPage, pictures: readonly TestPicture[]): Promise<void> {
  const statuses = async () => new Set((await tab.rows()).map(({ status }) => status));
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(new Set(['uploaded']));
  const [objects, writes] = [await used.stand.objects(), used.stand.writes()];
  expect(pictures.filter(({ key, sha256 }) => objects.get(key) !== sha256)).toEqual([]);
  expect(Array.from(writes).filter(([, count]) => count !== 1)).toEqual([]);
}

for (const { transport, count } of [
  // All 200 of the issue by `PICTURES=200`.
  { transport: 'server', count: Number(process.env['PICTURES'] ?? 80) },
  { transport: 'presigned', count: 20 },
]) {
  it(`C19: of ${count} pictures in two tabs, each object is created once by the transport ${transport}, although the tab that sends crashes`, async () => {
    const pictures = await testPictures(count, `${transport}-`);
    const [first, second] = await twoTabs(pictures, 'localhost', transport);
    expect(await first.page.evaluate(() => window.stand.uploads.status().isSender)).toBe(true);
    expect((await first.rows()).map(({ status }) => status)).toContain('pending');
    await crash(first);
    await expectEachOnce(second, pictures);
  });
}

it('C19: on http and a LAN address, where there are no Web Locks and no crypto.subtle, of 20 pictures in two tabs each object is created once', async () => {
  const pictures = await testPictures(20, 'lan-');
  const [first, second] = await twoTabs(pictures, LAN, 'server');
  expect(await first.page.evaluate(() => [isSecureContext, 'locks' in navigator, 'subtle' in crypto])).toEqual([
    false,
    false,
    false,
  ]);
  await Promise.all([expectEachOnce(first, pictures), expectEachOnce(second, pictures)]);
  await first.page.close();
});

it('C15: a page that hears of no events learns by asking that the bucket has a picture', async () => {
  const picture = await testPicture('c15');
  const tab = await openStandPage(used.browser.context, site.origin);
  onTestFinished(() => tab.page.close());
  used.stand.s3.faults.putSlowDown = 1;
  await tab.save(picture);
  await expect.poll(() => tab.statuses()).toEqual(['c15 processing']);
  used.stand.mend();
  await expectEachOnce(tab, [picture]);
});
