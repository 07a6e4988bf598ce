import { useState } from 'react';
import { useLive } from './serverContext.tsx';

/** The time by the clock of the server, which all times are told by; that of the browser until the server has answered. */
export function useNow(): number {
  const { answer } = useLive();
  const [openedAt] = useState(() => Date.now());
  return answer?.now ?? openedAt;
}
