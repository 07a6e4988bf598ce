import { type ActorProgress, countActors, isSettled, type PrefetchProgress } from './prefetchProgress.ts';

/** Which word of an actor counts when tabs have said different ones. */
const RANK: Record<ActorProgress['state'], number> = { running: 3, done: 2, failed: 2, queued: 1, cancelled: 0 };
const MAX_FAILURES = 100;

/** What all tabs have done and have to do, an actor that several ask for counted once. */
export function mergeProgress(own: PrefetchProgress, others: readonly PrefetchProgress[]): PrefetchProgress {
  if (others.length === 0) return own;
  const all = [...others, own];
  const actors = new Map<string, ActorProgress>();
  for (const actor of all.flatMap((each) => each.actors)) {
    const known = actors.get(actor.id);
    if (!known || RANK[actor.state] >= RANK[known.state]) actors.set(actor.id, actor);
  }
  const state = mergeStates(own, others);
  const reason = state === 'waiting' ? all.find((each) => each.reason)?.reason : undefined;
  return {
    state,
    reason,
    ...countActors([...actors.values()]),
    bytes: {
      downloaded: all.reduce((sum, { bytes }) => sum + bytes.downloaded, 0),
      cached: all.reduce((sum, { bytes }) => sum + bytes.cached, 0),
    },
    failures: all.flatMap(({ failures }) => failures).slice(-MAX_FAILURES),
  };
}

/** What is left of a tab that is gone: its work is done or nobody's. */
export function withoutUnsettled(progress: PrefetchProgress): PrefetchProgress {
  const actors = progress.actors.filter(isSettled);
  return { ...progress, state: 'idle', reason: undefined, ...countActors(actors) };
}

/** A pause is for all tabs, so this one knows of it itself; the others' words may be older. */
function mergeStates(own: PrefetchProgress, others: readonly PrefetchProgress[]): PrefetchProgress['state'] {
  if (own.state === 'paused') return 'paused';
  const states = new Set([own, ...others].map(unpausedState));
  // A tab that waits for its turn says that it is running.
  return (['waiting', 'running', 'offline'] as const).find((state) => states.has(state)) ?? 'idle';
}

function unpausedState({ state, actors }: PrefetchProgress): PrefetchProgress['state'] {
  if (state !== 'paused') return state;
  return actors.every(isSettled) ? 'idle' : 'running';
}
