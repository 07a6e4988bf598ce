import { setTimeout as sleep } from 'node:timers/promises';
import type { KillableBrowser } from './killableBrowser.ts';
import { testPicture, testPictures, type TestPicture } from './pictures.ts';
import { openStandPage, type StandPage } from './standPage.ts';
import type { Site, UploadsStand } from './uploadsStand.ts';

const PER_ROUND = 40;
const LONGEST_MS = 200;
const ARRIVES_MS = 60_000;

export interface SaveAndKillResult {
  /** What the page has called saved. */
  saved: number;
  /** Of these, what the bucket does not have at the end, byte by byte. */
  lost: string[];
  /** Objects that were written more than once. */
  duplicates: string[];
}

/**
 * Saves pictures one after the other and kills the browser at a random moment, or in the moment in which it calls one saved; again and
 * again, every other time without a network. At the end all is looked for in the bucket.
 */
export async function saveAndKill(
  rounds: number,
  { stand, site, browser }: { stand: UploadsStand; site: Site; browser: KillableBrowser },
): Promise<SaveAndKillResult> {
  const saved: TestPicture[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pictures = await testPictures(PER_ROUND, `${round}-`, Math.round(2_000 + Math.random() * 100_000));
    const tab = await openStandPage(browser.context, site.origin);
    await tab.page.context().setOffline(round % 2 === 1);
    tab.beginSaving(pictures);
    await (round % 3 === 0 ? saysSaved(tab) : sleep(Math.random() * LONGEST_MS));
    await browser.kill();
    saved.push(...pictures.filter(({ name }) => tab.saved.has(name)));
    await browser.relaunch();
  }

  const tab = await openStandPage(browser.context, site.origin);
  // So that there is something to wait for.
  await tab.save(await testPicture('last'));
  const until = Date.now() + ARRIVES_MS;
  while (Date.now() < until && (await tab.rows()).some(({ status }) => status !== 'uploaded')) await sleep(100);
  const objects = await stand.objects();
  return {
    saved: saved.length,
    lost: saved.filter(({ key, sha256 }) => objects.get(key) !== sha256).map(({ name }) => name),
    duplicates: Array.from(stand.writes()).flatMap(([key, count]) => (count > 1 ? [key] : [])),
  };
}

/** Resolves when the page has called one saved, one of the first five. */
async function saysSaved({ page }: StandPage): Promise<void> {
  let left = 1 + Math.floor(Math.random() * 5);
  await new Promise<void>((resolve) => {
    page.on('console', (message) => {
      if (!message.text().startsWith('saved ')) return;
      left -= 1;
      if (left === 0) resolve();
    });
  });
}
