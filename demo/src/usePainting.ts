import { useEffect, useState } from 'react';
import { PAINTED_EVENT, type Painted } from '../api.ts';

/** The server tells of every twenty photographs, which takes it some seconds. It may end without a word. */
const SILENCE_MS = 60_000;

/** How many photographs there are, as long as the server paints them; then nothing. */
export function usePainting(): Painted | undefined {
  const [painted, setPainted] = useState<Painted>();
  useEffect(() => {
    const hear = (news: Painted): void => setPainted(news.done < news.total ? news : undefined);
    import.meta.hot?.on(PAINTED_EVENT, hear);
    import.meta.hot?.send(PAINTED_EVENT);
    return () => import.meta.hot?.off(PAINTED_EVENT, hear);
  }, []);
  useEffect(() => {
    if (painted === undefined) return;
    const timer = setTimeout(() => setPainted(undefined), SILENCE_MS);
    return () => clearTimeout(timer);
  }, [painted]);
  return painted;
}
