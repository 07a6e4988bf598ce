import { setTimeout as sleep } from 'node:timers/promises';
import { type KillableBrowser, launchKillable } from '../e2e/uploads/stand/killableBrowser.ts';
import { testPictures, type TestPicture } from '../e2e/uploads/stand/pictures.ts';
import { openStandPage, type StandPage } from '../e2e/uploads/stand/standPage.ts';
import { type Site, startUploadsStand, type UploadsStand } from '../e2e/uploads/stand/uploadsStand.ts';

export interface UploadsTortureResult {
  /** Pictures that a page has called saved. */
  saved: number;
  /** Of these, how many the bucket has, byte by byte. */
  inBucket: number;
  lost: string[];
  /** Objects that were written more than once. */
  duplicates: string[];
  /** Pictures that a page shows as something else than uploaded at the end. */
  notUploaded: string[];
  kills: { browser: number; server: number; bucket: number };
  cuts: number;
}

/** From everything being up again until the last picture must be in the bucket. */
const ARRIVES_MS = 90_000;
/** So that what is saved does not outrun what is sent. */
const MAX_WAITING = 40;
const API_PUT = /^PUT \/api\/cache\/uploads\//;
const BUCKET_PUT = /^PUT \/pictures\//;

/**
 * Saves pictures in a real browser for a while, as fast as it goes, and ends browser, server and bucket at random moments all the time,
 * and cuts, swallows and loses what they say to each other. Then all is mended, and the bucket is looked into.
 */
export async function tortureUploads(durationMs: number): Promise<UploadsTortureResult> {
  const stand = await startUploadsStand();
  try {
    const browser = await launchKillable();
    try {
      return await torture(durationMs, stand, browser);
    } finally {
      await browser.close();
    }
  } finally {
    await stand.close();
  }
}

async function torture(
  durationMs: number,
  stand: UploadsStand,
  browser: KillableBrowser,
): Promise<UploadsTortureResult> {
  const site = await stand.openSite();
  const kills = { browser: 0, server: 0, bucket: 0 };
  const saved: TestPicture[] = [];
  const until = Date.now() + durationMs;
  let cuts = 0;

  await Promise.all([
    again(until, async (round) => {
      saved.push(...(await saveAWhile(site, browser, round)));
      kills.browser += 1;
    }),
    again(until, async () => {
      await sleep(between(1_500, 5_000));
      await stand.killServer();
      kills.server += 1;
      await sleep(between(0, 1_000));
      await stand.startServer();
    }),
    again(until, async () => {
      await sleep(between(500, 3_000));
      await stand.toBucket.down();
      kills.bucket += 1;
      await sleep(between(0, 1_000));
      await stand.toBucket.up();
    }),
    again(until, async () => {
      await sleep(between(50, 500));
      cut(stand, site);
      cuts += 1;
    }),
  ]);
  stand.mend();

  // After a restart, uploads whose next attempt is far away are tried at once.
  await stand.killServer();
  await stand.startServer();
  const tab = await openStandPage(browser.context, site.origin);
  const arrivesUntil = Date.now() + ARRIVES_MS;
  let lost = saved;
  let rows = await tab.rows();
  for (;;) {
    const objects = await stand.objects();
    lost = saved.filter(({ key, sha256 }) => objects.get(key) !== sha256);
    rows = (await tab.rows()).filter(({ status }) => status !== 'uploaded');
    if ((lost.length === 0 && rows.length === 0) || Date.now() > arrivesUntil) break;
    await sleep(250);
  }
  return {
    saved: saved.length,
    inBucket: saved.length - lost.length,
    lost: lost.map(({ name, key }) => `${name} ${key}`),
    duplicates: Array.from(stand.writes()).flatMap(([key, count]) => (count > 1 ? [key] : [])),
    notUploaded: rows.map(({ filename, status, error }) => `${filename} ${status} ${error?.code ?? ''}`),
    kills,
    cuts,
  };
}

/** Until the browser is killed, some time later. @returns what the page has called saved */
async function saveAWhile(site: Site, browser: KillableBrowser, round: number): Promise<TestPicture[]> {
  const pictures = await testPictures(60, `${round}-`, between(2_000, 100_000));
  const tab = await openWhenUp(browser, site, round % 3 === 2 ? 'presigned' : 'server');
  const dies = Date.now() + between(500, 4_000);
  // A page that Vite has reloaded, since its server was gone, does not go on by itself.
  for (const batch of chunks(pictures, 4)) {
    while (Date.now() < dies && (await waitingIn(tab)) > MAX_WAITING) await sleep(100);
    if (Date.now() > dies) break;
    await Promise.race([tab.save(...batch).catch(() => {}), sleep(Math.max(0, dies - Date.now()))]);
  }
  await sleep(Math.max(0, dies - Date.now()));
  await browser.kill();
  await browser.relaunch();
  return pictures.filter(({ name }) => tab.saved.has(name));
}

async function waitingIn(tab: StandPage): Promise<number> {
  return (await tab.rows()).filter(({ status }) => status !== 'uploaded').length;
}

/** The server may be away, and the connection cut while the page is being loaded. */
async function openWhenUp(browser: KillableBrowser, site: Site, transport: string): Promise<StandPage> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await openStandPage(browser.context, site.origin, { transport });
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(100);
    }
  }
}

function cut(stand: UploadsStand, site: Site): void {
  const [proxy, request] = Math.random() < 0.5 ? [site.proxy, API_PUT] : [stand.toBucket, BUCKET_PUT];
  switch (Math.floor(Math.random() * 4)) {
    case 0:
      return proxy.cutAll();
    case 1:
      return void proxy.breakNext(request, { type: 'loseAnswer' }, 2);
    case 2:
      return void proxy.breakNext(request, { type: 'cut', afterBytes: between(100, 100_000) });
    default:
      // It is cut before anybody has waited for long.
      return void proxy.breakNext(request, { type: 'delay', ms: between(10, 500) });
  }
}

/** Goes on until its time is over, and on whatever machine for two rounds, so that each part is killed in the middle of its work. */
async function again(until: number, work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; Date.now() < until || round < 2; round += 1) await work(round);
}

function between(least: number, most: number): number {
  return Math.round(least + Math.random() * (most - least));
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}

export function uploadsSummaryOf({ saved, inBucket, lost, duplicates, kills, cuts }: UploadsTortureResult): string {
  const what = `saved ${saved}, in bucket ${inBucket}, lost ${lost.length}, duplicates ${duplicates.length}`;
  return `${what} (kills: browser ${kills.browser}, server ${kills.server}, bucket ${kills.bucket}; cuts ${cuts})`;
}
