import { formatMs } from './amounts.ts';

/** `10:33:05` */
export function formatTime(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** `30 Nov 2026, 10:33:05` */
export function formatDate(at: number): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** `4 min ago`. What is in the future by a clock that differs is `just now`. */
export function formatAgo(at: number, now: number): string {
  const ms = now - at;
  return ms < 2000 ? 'just now' : `${formatMs(ms)} ago`;
}
