import { expect, it } from 'vitest';
import { tortureUploads, uploadsSummaryOf } from '../helpers/uploadsTorture.ts';

/** `npm run torture:uploads -- --seconds 600` goes on for longer. */
const DURATION_MS = 20_000;

it(
  'C1 to C18: browser, server and bucket are killed and cut off all the time, and no picture is lost or written twice',
  async () => {
    const result = await tortureUploads(DURATION_MS);
    console.log(uploadsSummaryOf(result));
    expect(result.lost).toEqual([]);
    expect(result.duplicates).toEqual([]);
    expect(result.notUploaded).toEqual([]);
    expect(result.saved).toBeGreaterThan(5);
    expect(Math.min(...Object.values(result.kills))).toBeGreaterThan(1);
  },
  DURATION_MS + 120_000,
);
