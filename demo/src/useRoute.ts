import { useSyncExternalStore } from 'react';

export type Route =
  | { page: 'gallery' | 'add' }
  | { page: 'notes'; note?: string }
  | { page: 'actor' | 'compare'; id: string };

/** The page of a hash such as `#/actor/0001`; the gallery for all other hashes. */
export function parseRoute(hash: string): Route {
  if (hash === '#/add') return { page: 'add' };
  const notes = /^#\/notes(?:\/([0-9a-f]{16}))?$/.exec(hash);
  if (notes) return { page: 'notes', ...(notes[1] !== undefined && { note: notes[1] }) };
  const match = /^#\/(actor|compare)\/(\d{4})$/.exec(hash);
  const [, page, id] = match ?? [];
  if (id === undefined) return { page: 'gallery' };
  return { page: page === 'compare' ? 'compare' : 'actor', id };
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
