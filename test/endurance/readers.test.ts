import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/directory.ts';
import { readersSummary, torturedReaders } from '../helpers/readerTorture.ts';

/** `npm run torture -- --readers --seconds 60` goes on for longer. */
const DURATION_MS = 8_000;

it(
  'R1 to R5: of processes that are killed, stopped, and whose clocks jump, none serves what is stale or wrong, and nothing is lost',
  async () => {
    const result = await torturedReaders(join(await temporaryDirectory(), '.image-cache'), DURATION_MS);
    console.log(readersSummary(result));
    const { lost, stale, wrong, reads, removals } = result.ledger;
    const faults = { lost, stale, wrong, complaints: result.complaints };
    // It does not happen again on the next run, so the message has to say everything.
    expect(faults, JSON.stringify(faults, null, 2)).toEqual({ lost: [], stale: [], wrong: [], complaints: [] });
    expect(reads).toBeGreaterThan(20); // on whatever machine
    expect(removals).toBeGreaterThan(0);
  },
  DURATION_MS + 120_000,
);
