import { useCallback, useRef, useSyncExternalStore } from 'react';

/**
 * Returns a function that renders pending state before the browser paints again. React may render an update that does not come from one
 * of its own events some frames later, if the page is busy. It renders a change of an external store at once, together with all pending
 * updates. Limit: React 18 does not render those with it.
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
