import { expect, it } from 'vitest';
import { saveAndKill } from './stand/saveAndKill.ts';
import { useStand } from './stand/useStand.ts';

/** `npm run torture:uploads -- --kills 100` goes on for longer. */
const KILLS = 10;

const used = useStand();

it('C1, C2: whatever a page has called saved before its browser was killed is in the bucket at the end', async () => {
  const site = await used.openSite();
  const result = await saveAndKill(KILLS, { stand: used.stand, browser: used.browser, site });
  console.log(`${KILLS} kills: saved ${result.saved}, lost ${result.lost.length}`);
  expect(result.saved).toBeGreaterThan(3); // in each third round the page has said it at least once
  expect(result.lost).toEqual([]);
  expect(result.duplicates).toEqual([]);
});
