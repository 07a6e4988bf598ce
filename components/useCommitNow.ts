import { useCallback, useRef, useSyncExternalStore } from 'react';

/**
 * Renders pending state before the browser paints again. React renders updates from outside of its own events when it has the time,
 * some frames later on a busy page, but a change of an external store at once, together with all pending updates. Limit: React 18 does
 * not render the others with it.
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
