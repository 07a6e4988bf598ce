import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { openStandPage } from './stand/standPage.ts';
import { longestTaskMs } from './stand/longestTask.ts';
import { useStand } from './stand/useStand.ts';

const TIMES = 20;
const TRIES = 3;
const MAX_SAVE_MS = 250;
/** To what the browser alone takes, on a machine that is slow itself: a picture is written twice, as it was picked and as it is sent. */
const MAX_RATIO = 4;
const MAX_BLOCKED_MS = 50;
/** What the work below takes where this limit was set, when nothing else runs. In milliseconds. */
const REFERENCE_MS = 20;

const used = useStand();

/** Noise, which a JPEG cannot make small, with what a camera writes beside it. */
async function photograph(): Promise<Buffer> {
  const [width, height] = [3_400, 2_200];
  const bytes = await sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
    .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 1234/100' } })
    .jpeg({ quality: 82 })
    .toBuffer();
  expect(bytes.length).toBeGreaterThan(4.5e6);
  expect(bytes.length).toBeLessThan(6e6);
  return bytes;
}

it(`a photograph of 5 MB is safe within ${MAX_SAVE_MS} ms (p95), and blocks the page for ${MAX_BLOCKED_MS} ms at most`, async () => {
  const file = join(await temporaryDirectory(), 'photograph.jpg');
  await writeFile(file, await photograph());
  const site = await used.openSite();
  const { page } = await openStandPage(used.browser.context, site.origin);
  onTestFinished(() => page.close());
  // Saving is measured, not sending.
  await page.context().setOffline(true);
  await page.locator('input').setInputFiles(file);

  // A machine that does something else meanwhile is given another chance.
  let isQuick = false;
  let isSmooth = false;
  for (let tries = 0; tries < TRIES && !(isQuick && isSmooth); tries += 1) {
    let times = { saved: [0], bare: [0] };
    const blocked = await longestTaskMs(page, async () => {
      times = await page.evaluate((count) => window.stand.saveTimed(count), TIMES);
    });
    const [saved, bare] = [p95(times.saved), p95(times.bare)];
    console.log(
      `saving 5 MB: p95 ${saved.toFixed(0)} ms (by the browser alone ${bare.toFixed(0)} ms); the longest task took ${blocked.toFixed(0)} ms`,
    );
    isQuick ||= saved <= MAX_SAVE_MS || saved <= bare * MAX_RATIO;
    const slow = (await longestTaskMs(page, () => page.evaluate(referenceWork))) / REFERENCE_MS;
    isSmooth ||= blocked <= MAX_BLOCKED_MS * Math.max(1, slow);
  }
  await page.context().setOffline(false);
  expect({ isQuick, isSmooth }).toEqual({ isQuick: true, isSmooth: true });
});

/** One task of the page, to tell how slow the machine is at the moment. */
function referenceWork(): void {
  const entries = Array.from({ length: 20_000 }, (_, n) => ({ s3_url: `https://photos.test/${n}.jpg`, size_bytes: n }));
  JSON.parse(JSON.stringify(entries));
}

function p95(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? Infinity;
}
