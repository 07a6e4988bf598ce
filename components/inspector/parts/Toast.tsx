import { useEffect } from 'react';
import { useLatest } from '../../useLatest.ts';

const SHOWN_MS = 6000;

/** What has just been done, for a moment. Screen readers hear it from the announcer. */
export function Toast({ text, onClose }: { text: string; onClose: () => void }) {
  const latest = useLatest(onClose);
  useEffect(() => {
    const timer = setTimeout(() => latest.current(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [latest]);
  return (
    <p className="toast" aria-hidden="true">
      {text}
    </p>
  );
}
