import { expect, it } from 'vitest';
import { ManifestIndex } from '../../plugin/cache/manifest/manifestIndex.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { entryOf } from '../helpers/entries.ts';

const IMAGES = 100_000;
const MAX_STEP_MS = 100;
/** A collection of garbage may fall into any step once; a step that blocks by itself does so in each run. */
const RUNS = 3;

/** Pins all images of an actor. Returns the CPU time of each step in milliseconds. */
function pinAll(): number[] {
  const index = new ManifestIndex('.image-cache/');
  for (let n = 0; n < IMAGES; n += 1) index.apply({ op: 'put', entry: entryOf(n, { actor_id: 'ada' }) });
  const steps: number[] = [];
  let before = cpuMs();
  for (const _ of index.steps({ op: 'pin', target: { actor: 'ada' }, pinned: true })) {
    steps.push(cpuMs() - before);
    before = cpuMs();
  }
  expect(index.toArray().every(({ pinned }) => pinned === true)).toBe(true);
  return steps;
}

it(
  'I25: the pin of an actor with 100,000 images is one change, in steps that block nothing',
  { timeout: 180_000 },
  () => {
    let shortest = pinAll();
    expect(shortest.length).toBeGreaterThan(100);
    for (let run = 1; run < RUNS && Math.max(...shortest) >= MAX_STEP_MS; run += 1) {
      const again = pinAll();
      shortest = shortest.map((took, step) => Math.min(took, again[step] ?? took));
    }
    expect(Math.max(...shortest)).toBeLessThan(MAX_STEP_MS);
  },
);
