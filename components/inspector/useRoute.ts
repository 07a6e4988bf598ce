import { useMemo, useSyncExternalStore } from 'react';
import { formatRoute, parseRoute, type Route } from './route.ts';

/** The route in the address of the page. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => parseRoute(hash), [hash]);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

/** Changes parameters of the current view, e.g. a filter, without a step in the history of the tab. */
export function changeQuery(change: Readonly<Record<string, string | undefined>>): void {
  const { view, query } = parseRoute(location.hash);
  history.replaceState(null, '', formatRoute(view, { ...query, ...change }));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
