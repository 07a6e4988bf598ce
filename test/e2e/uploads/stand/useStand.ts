import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type KillableBrowser, launchKillable } from './killableBrowser.ts';
import { type Site, startUploadsStand, type StandOptions, type UploadsStand } from './uploadsStand.ts';

export interface StandOfFile {
  readonly stand: UploadsStand;
  readonly browser: KillableBrowser;
  /** A site of this test's own. All faults end with the test. */
  openSite(): Promise<Site>;
}

/** One stand and one browser for all tests of a file. */
export function useStand(options?: StandOptions, browserArguments?: readonly string[]): StandOfFile {
  let stand: UploadsStand | undefined;
  let browser: KillableBrowser | undefined;
  beforeAll(async () => {
    stand = await startUploadsStand(options);
    browser = await launchKillable(browserArguments);
  });
  afterAll(async () => {
    await browser?.close();
    await stand?.close();
  });

  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('It is started before the first test.');
    return part;
  };
  return {
    get stand() {
      return started(stand);
    },
    get browser() {
      return started(browser);
    },
    async openSite() {
      onTestFinished(() => stand?.mend());
      return started(stand).openSite();
    },
  };
}
