import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';

const AnnounceContext = createContext<(text: string) => void>(() => {});

/** Screen readers are told at most this often. */
const EVERY_MS = 5000;

/**
 * The one place that speaks to screen readers. What comes too soon after another waits, and only the newest of what waits is said.
 */
export function Announcer({ children, now = Date.now }: { children: ReactNode; now?: () => number }) {
  const [text, setText] = useState('');
  const spoken = useRef({ at: 0, timer: 0 });
  const announce = useMemo(
    () => (next: string) => {
      const { at, timer } = spoken.current;
      clearTimeout(timer);
      const speak = (): void => {
        spoken.current = { at: now(), timer: 0 };
        // The same text again would not be a change.
        setText((last) => (last === next ? `${next}\u00A0` : next));
      };
      const wait = at + EVERY_MS - now();
      if (wait <= 0) speak();
      else spoken.current.timer = window.setTimeout(speak, wait);
    },
    [now],
  );
  useEffect(() => () => clearTimeout(spoken.current.timer), []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <output className="unseen">{text}</output>
    </AnnounceContext>
  );
}

/** A function that has screen readers say something. */
export function useAnnounce(): (text: string) => void {
  return useContext(AnnounceContext);
}
