import { useCallback, useRef, useSyncExternalStore } from 'react';

/**
 * Has what was stored be rendered before the browser paints again. What React is told outside of its own events it renders when it has
 * the time, some frames later on a busy page, but a change of an external store at once, and with it all that waits. Limit: React 18
 * does not take the rest with it.
 */
export function useCommitNow(): () => void {
  const version = useRef(0);
  const render = useRef<() => void>(undefined);
  const subscribe = useCallback((listener: () => void) => {
    render.current = listener;
    return () => void (render.current = undefined);
  }, []);
  const look = useCallback(() => version.current, []);
  useSyncExternalStore(subscribe, look, look);
  return useCallback(() => {
    version.current += 1;
    render.current?.();
  }, []);
}
