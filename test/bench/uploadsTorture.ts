import { parseArgs } from 'node:util';
import { launchKillable } from '../e2e/uploads/stand/killableBrowser.ts';
import { saveAndKill } from '../e2e/uploads/stand/saveAndKill.ts';
import { startUploadsStand } from '../e2e/uploads/stand/uploadsStand.ts';
import { tortureUploads, uploadsSummaryOf } from '../helpers/uploadsTorture.ts';

/**
 * `npm run torture:uploads -- --seconds 600`: saves pictures in a real browser, kills browser, server and bucket, and looks whether any is lost.
 * `-- --kills 100` only kills the browser, right while it saves.
 */
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, kills: { type: 'string' } },
});

if (values.kills === undefined) await torture(Number(values.seconds) * 1_000);
else await killWhileSaving(Number(values.kills));

async function torture(durationMs: number): Promise<void> {
  const result = await tortureUploads(durationMs);
  const { lost, duplicates, notUploaded } = result;
  report([...lost, ...duplicates, ...notUploaded], uploadsSummaryOf(result));
}

async function killWhileSaving(kills: number): Promise<void> {
  const stand = await startUploadsStand();
  const browser = await launchKillable();
  const { saved, lost, duplicates } = await saveAndKill(kills, { stand, browser, site: await stand.openSite() });
  await browser.close();
  await stand.close();
  const what = `saved ${saved}, in bucket ${saved - lost.length}, lost ${lost.length}, duplicates ${duplicates.length}`;
  report([...lost, ...duplicates], `${what} (kills: browser ${kills})`);
}

function report(faults: readonly string[], summary: string): void {
  for (const text of faults) console.error(text);
  console.log(summary);
  if (faults.length > 0) process.exitCode = 1;
}
