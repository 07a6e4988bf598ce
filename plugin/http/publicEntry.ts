import type { CacheEvent, ManifestEntry } from '../protocol.ts';

/** The entry as pages may see it: without the other actors that use the image, which are private and may be many (S5). */
export function publicEntry(entry: ManifestEntry): ManifestEntry {
  if (entry.actor_ids === undefined) return entry;
  const { actor_ids: _, ...rest } = entry;
  return rest;
}

/** The event as pages may see it. */
export function publicEvent(event: CacheEvent): CacheEvent {
  return event.type === 'stored' ? { ...event, entry: publicEntry(event.entry) } : event;
}
