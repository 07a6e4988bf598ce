import type { StoredJob } from './storedJob.ts';

/** When an app is told that the bucket has a picture; there is none where the app wants not to be told. */
export interface LinkRule {
  readonly gate: 'immediate' | 'after-entity';
}

/** Whether the app has been told, or is to be; `undefined` if it never is. */
export function linkStatusOf(
  { state, entity, link }: StoredJob,
  rule: LinkRule | undefined,
): 'waiting' | 'due' | 'linked' | undefined {
  if (!rule || !entity || state === 'canceled') return undefined;
  if (link?.at !== undefined) return 'linked';
  const isGateOpen = rule.gate === 'immediate' || entity.serverId !== undefined;
  return state === 'stored' && isGateOpen ? 'due' : 'waiting';
}
