import type { Priority } from '../../plugin/protocol.ts';
import type { ActorProgress, PrefetchProgress } from './prefetchTypes.ts';

/** Maximum number of failures in a progress. */
export const MAX_FAILURES = 100;
/** The counts that are summed up over all actors. */
const COUNTS = ['total', 'completed', 'cached', 'downloaded', 'failed'] as const;
/** If several tabs have an actor, its state with the highest rank counts. */
const RANK: Record<ActorProgress['state'], number> = { running: 3, done: 2, failed: 2, queued: 1, cancelled: 0 };

export function newActorProgress(id: string, priority: Priority, total: number): ActorProgress {
  return { id, state: 'queued', priority, total, completed: 0, cached: 0, downloaded: 0, failed: 0, bytes: 0 };
}

export function isSettled({ state }: ActorProgress): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** The part of the progress that is counted from the actors. */
export function countActors(
  actors: readonly ActorProgress[],
): Pick<PrefetchProgress, 'completed' | 'total' | 'images' | 'current' | 'actors'> {
  const counted = actors.filter(({ state }) => state !== 'cancelled');
  const images = { total: 0, completed: 0, cached: 0, downloaded: 0, failed: 0 };
  for (const actor of counted) {
    for (const each of COUNTS) images[each] += actor[each];
  }
  return {
    completed: counted.filter(isSettled).length,
    total: counted.length,
    images,
    current: counted.filter(({ state }) => state === 'running').map(({ id }) => id),
    actors,
  };
}

/** The progress of all tabs together. An actor that several tabs fetch counts once. */
export function mergeProgress(own: PrefetchProgress, others: readonly PrefetchProgress[]): PrefetchProgress {
  if (others.length === 0) return own;
  const all = [...others, own];
  const actors = new Map<string, ActorProgress>();
  for (const actor of all.flatMap((each) => each.actors)) {
    const known = actors.get(actor.id);
    if (!known || RANK[actor.state] >= RANK[known.state]) actors.set(actor.id, actor);
  }
  // A pause applies to all tabs, so this tab knows about it itself. The reports of the others may be older.
  const states = new Set(all.map(unpausedState));
  // A tab that waits to lead also says that it is running.
  const busy = (['waiting', 'running', 'offline'] as const).find((state) => states.has(state)) ?? 'idle';
  const state = own.state === 'paused' ? 'paused' : busy;
  const bytes = { downloaded: 0, cached: 0 };
  for (const each of all) {
    bytes.downloaded += each.bytes.downloaded;
    bytes.cached += each.bytes.cached;
  }
  return {
    state,
    reason: state === 'waiting' ? all.find((each) => each.reason)?.reason : undefined,
    ...countActors([...actors.values()]),
    bytes,
    failures: all.flatMap(({ failures }) => failures).slice(-MAX_FAILURES),
  };
}

function unpausedState({ state, actors }: PrefetchProgress): PrefetchProgress['state'] {
  if (state !== 'paused') return state;
  return actors.every(isSettled) ? 'idle' : 'running';
}

/** The part that still counts when a tab is closed: the other tabs do not take over its work. */
export function withoutUnsettled(progress: PrefetchProgress): PrefetchProgress {
  const actors = progress.actors.filter(isSettled);
  return { ...progress, state: 'idle', reason: undefined, ...countActors(actors) };
}
