import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from 'react';

/** Rows that are drawn beyond those on the screen, so that scrolling does not show their absence. */
const OVERSCAN = 3;

export interface VisibleRows {
  /** The first row that is drawn, and the one behind the last. */
  from: number;
  to: number;
  /** Scrolls no farther than it takes to have the whole row on the screen. */
  reveal(row: number): void;
}

/** Which rows of a long list are on the screen. All rows are of one height, so nothing has to be measured. */
export function useVisibleRows(
  scroller: RefObject<HTMLElement | null>,
  { count, rowHeight, paddingTop }: { count: number; rowHeight: number; paddingTop: number },
): VisibleRows {
  const [screen, setScreen] = useState({ top: 0, height: 0 });

  useLayoutEffect(() => {
    const { current } = scroller;
    if (!current) return;
    const look = (): void => setScreen({ top: current.scrollTop, height: current.clientHeight });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(current);
    current.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      current.removeEventListener('scroll', look);
    };
  }, [scroller]);

  // A width that changes makes rows higher or lower: the same images stay on the screen.
  const [knownHeight, setKnownHeight] = useState(rowHeight);
  useEffect(() => {
    if (knownHeight === rowHeight) return;
    setKnownHeight(rowHeight);
    const { current } = scroller;
    if (current && knownHeight > 0) {
      current.scrollTo({ top: (current.scrollTop / knownHeight) * rowHeight });
    }
  }, [scroller, knownHeight, rowHeight]);

  const reveal = useCallback(
    (row: number) => {
      const { current } = scroller;
      if (!current) return;
      const top = paddingTop + row * rowHeight;
      const least = top + rowHeight - current.clientHeight;
      if (current.scrollTop > top - paddingTop) current.scrollTo({ top: top - paddingTop });
      else if (current.scrollTop < least) current.scrollTo({ top: least });
    },
    [scroller, rowHeight, paddingTop],
  );

  const first = Math.floor((screen.top - paddingTop) / rowHeight);
  const last = Math.ceil((screen.top + screen.height - paddingTop) / rowHeight);
  const from = Math.min(Math.max(first - OVERSCAN, 0), count);
  return { from, to: Math.max(from, Math.min(last + OVERSCAN, count)), reveal };
}
