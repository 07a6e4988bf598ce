import { useSyncExternalStore } from 'react';

const neverChanges = (): (() => void) => () => {};

/**
 * Whether a server renders, or this is the first render over a server's HTML, which must be the same. Limit: Preact 10 does not
 * say that there is such HTML, so with it this is `false` in every browser.
 */
export function useIsHydrating(): boolean {
  return useSyncExternalStore(
    neverChanges,
    () => typeof document === 'undefined',
    () => true,
  );
}
