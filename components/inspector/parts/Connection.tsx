import { useEffect, useState } from 'react';
import type { LiveState } from '../server/createLive.ts';

/** Whether what is shown is what is. */
export function Connection({ live, now = Date.now }: { live: LiveState; now?: () => number }) {
  const [, setTick] = useState(0);
  const isWaiting = live.retryAt !== undefined;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, [isWaiting]);
  return (
    <p className={`connection connection-${live.status}`}>
      <span className="dot" aria-hidden="true" />
      {textOf(live, now())}
    </p>
  );
}

function textOf({ status, retryAt = 0 }: LiveState, now: number): string {
  if (status === 'live') return 'Live';
  if (status === 'starting') return 'Connecting';
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
  return status === 'silent' ? `No answer, retry in ${seconds} s` : `Refused, retry in ${seconds} s`;
}
