import { act, cleanup, fireEvent, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { createPrefetchManager } from '../../../components/client/createPrefetchManager.ts';
import type { PrefetchManager } from '../../../components/client/prefetchTypes.ts';
import type { ActorProgress, PrefetchProgress } from '../../../components/client/prefetchTypes.ts';
import { PrefetchDetails } from '../../../demo/src/PrefetchDetails.tsx';
import { entryOf } from '../../components/cacheServer.ts';

afterEach(cleanup);

const ACTORS = 40;
const IMAGES = 25;
const names = new Map<string, string>();

/** Counts how often rows are rendered: that reads the total of their actor, once or twice. */
function countReads(
  progress: PrefetchProgress,
  reads: Map<string, number>,
  seen: WeakMap<ActorProgress, ActorProgress>,
) {
  const actors = progress.actors.map((actor) => {
    const counted =
      seen.get(actor) ??
      new Proxy(actor, {
        get(target, key: keyof ActorProgress) {
          if (key === 'total') reads.set(target.id, (reads.get(target.id) ?? 0) + 1);
          return target[key];
        },
      });
    seen.set(actor, counted);
    return counted;
  });
  return { ...progress, actors };
}

/** The popover, rendered as the images of a prefetch of 1,000 arrive one by one. @returns `rows`: how often the totals of actors were read */
async function prefetch(isOpen: boolean): Promise<{ rows: number; updates: number; shown: number }> {
  const manager: PrefetchManager = createPrefetchManager({
    isEnabled: () => true,
    network: { allowed: true, subscribe: () => () => {} },
    after: (_ms, run) => void setTimeout(run),
    async send({ images }, { onResult }) {
      for (const [index, { s3_url }] of images.entries()) {
        onResult(index, { s3_url, status: 'downloaded', entry: entryOf('a') });
        await Promise.resolve();
        await Promise.resolve();
      }
    },
  });
  const reads = new Map<string, number>();
  const seen = new WeakMap<ActorProgress, ActorProgress>();
  const element = () => (
    <PrefetchDetails id="details" names={names} progress={countReads(manager.getProgress(), reads, seen)} />
  );
  const { container, rerender } = render(element());
  const popover = container.querySelector('#details') ?? expect.fail();
  if (isOpen) fireEvent(popover, Object.assign(new Event('beforetoggle'), { newState: 'open' }));
  let updates = 0;
  manager.subscribe(() => {
    updates += 1;
    act(() => rerender(element()));
  });
  manager.startPrefetch(
    Array.from({ length: ACTORS }, (_, id) => ({
      id: `${id}`,
      images: Array.from({ length: IMAGES }, (__, index) => `s3://b/${id}/${index}`),
    })),
  );
  await expect.poll(() => manager.getProgress().completed, { timeout: 20_000 }).toBe(ACTORS);
  const rows = [...reads.values()].reduce((sum, count) => sum + count, 0);
  return { rows, updates, shown: container.querySelectorAll('li').length };
}

test('E20: a closed panel renders nothing while 1,000 images arrive', async () => {
  const { rows, updates, shown } = await prefetch(false);
  expect(updates).toBeGreaterThan(ACTORS);
  expect({ rows, shown }).toEqual({ rows: 0, shown: 0 });
}, 40_000);

test('E20: in an open one a row is rendered when its own actor proceeds', async () => {
  const { rows, updates, shown } = await prefetch(true);
  expect(shown).toBe(ACTORS);
  // Each update is about one actor, whose row reads its total twice; all 40 at each would be 20 times as many.
  expect(rows).toBeLessThanOrEqual(3 * updates);
}, 40_000);
