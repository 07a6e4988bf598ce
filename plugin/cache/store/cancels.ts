import type { ManifestChange } from '../manifest/manifestChange.ts';

/** Whether whoever made the change does not want what is on its way. */
export function cancels(
  change: ManifestChange,
  { key, actorId }: { readonly key: string; readonly actorId: string },
): boolean {
  if (change.op === 'delete') return change.reason === 'invalidated' && change.keys.includes(key);
  return change.op === 'clear' && (change.actor === undefined || change.actor === actorId);
}
