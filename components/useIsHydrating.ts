import { useSyncExternalStore } from 'react';

const neverChanges = (): (() => void) => () => {};

/**
 * Whether this render must match HTML from a server: on the server itself, and in the first render over its HTML in the browser. Limit:
 * Preact 10 does not tell that there is such HTML, so with it this is always `false` in browsers.
 */
export function useIsHydrating(): boolean {
  return useSyncExternalStore(
    neverChanges,
    () => typeof document === 'undefined',
    () => true,
  );
}
