import type { ActorsAnswer } from '../../inspectorProtocol.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import { BestOf } from './bestOf.ts';

const MAX_ACTORS = 200;

/** The actors with the most images, among those whose id contains the text. */
export async function findActors(index: ManifestIndex, text: string): Promise<ActorsAnswer> {
  const wanted = text.toLowerCase();
  const best = new BestOf<{ actor_id: string; entries: number }>(MAX_ACTORS, (a, b) => b.entries - a.entries);
  const timeSlice = new TimeSlice();
  let total = 0;
  for (const [actor_id, { size: entries }] of index.actors()) {
    if (timeSlice.isOver) await timeSlice.yield();
    if (!actor_id.toLowerCase().includes(wanted)) continue;
    total += 1;
    best.offer({ actor_id, entries });
  }
  const actors = best.sorted().map(({ actor_id, entries }) => ({
    actor_id,
    entries,
    size_bytes: index.bytesOf(actor_id),
    pinned: index.pinnedActors.has(actor_id),
  }));
  return { total, actors };
}
