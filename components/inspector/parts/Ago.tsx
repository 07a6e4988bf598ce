import { formatAgo, formatDate } from '../format/times.ts';

/** How long ago something was; the date is there for the pointer. */
export function Ago({ at, now, className }: { at: number; now: number; className?: string }) {
  return (
    <time className={className} dateTime={new Date(at).toISOString()} title={formatDate(at)}>
      {formatAgo(at, now)}
    </time>
  );
}
