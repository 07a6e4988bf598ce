import { useEffect } from 'react';
import { useLatest } from '../useLatest.ts';

/** Calls when a key is pressed anywhere but in a field that it could be meant for. */
export function useKey(key: string, run: (event: KeyboardEvent) => void): void {
  const latest = useLatest(run);
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      const isField = event.target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === key && !isField && !event.ctrlKey && !event.metaKey && !event.altKey) latest.current(event);
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [key, latest]);
}
