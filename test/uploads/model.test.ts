import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { known, story } from './steps.ts';
import { World } from './world.ts';

/** More of them by `MODEL_RUNS=1000`. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 4);

test.each([
  ['a directory each', false],
  ['one directory', true],
])(
  'random interleavings of two servers with %s, and one bucket: after quiescence, what is used is there, and nothing else',
  { timeout: 20_000 + RUNS * 10_000 },
  async (_, isShared) => {
    await fc.assert(
      fc.asyncProperty(story, async ({ graceMs, steps }) => {
        const world = await World.open(isShared, graceMs);
        for (const each of steps) await world.run(each);
        await world.quiesce();
        expect(world.verdict()).toEqual([]);
        await world.close();
      }),
      { numRuns: known.length + RUNS, examples: known },
    );
  },
);
