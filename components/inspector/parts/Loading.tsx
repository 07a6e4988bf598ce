import { useEffect, useState } from 'react';

const QUIET_MS = 200;

/** Boxes of the size that is to come; nothing for the first moment, in which most answers arrive. */
export function Loading({ rows = 6 }: { rows?: number }) {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="loading" aria-busy="true">
      {isLate && <span className="unseen">Loading</span>}
      {isLate && Array.from({ length: rows }, (_, row) => <span key={row} className="loading-row" />)}
    </div>
  );
}
