import { expect, it } from 'vitest';
import { ManifestIndex } from '../../plugin/cache/manifest/manifestIndex.ts';
import { entryOf } from '../helpers/entries.ts';

it('I25: the pin of an actor with 100,000 images is one change, in steps that block nothing', () => {
  const index = new ManifestIndex('.image-cache/');
  for (let n = 0; n < 100_000; n += 1) index.apply({ op: 'put', entry: entryOf(n, { actor_id: 'ada' }) });
  const steps: number[] = [];
  let before = process.cpuUsage();
  for (const _ of index.steps({ op: 'pin', target: { actor: 'ada' }, pinned: true })) {
    const { user, system } = process.cpuUsage(before);
    steps.push((user + system) / 1000);
    before = process.cpuUsage();
  }
  expect(index.toArray().every(({ pinned }) => pinned === true)).toBe(true);
  expect(steps.length).toBeGreaterThan(100);
  expect(Math.max(...steps)).toBeLessThan(100);
});
