import type { CacheEvent, ManifestEntry } from '../protocol.ts';

/** The entry as pages are told of it: who else uses an image is not their affair, and could be made long (S5). */
export function publicEntry(entry: ManifestEntry): ManifestEntry {
  if (entry.actor_ids === undefined) return entry;
  const { actor_ids: _, ...rest } = entry;
  return rest;
}

/** The event as pages are told of it. */
export function publicEvent(event: CacheEvent): CacheEvent {
  return event.type === 'stored' ? { ...event, entry: publicEntry(event.entry) } : event;
}
