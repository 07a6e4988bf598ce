import type { MissReason, RemovalCause } from '../../inspectorProtocol.ts';

/** Why an image was not in the cache, and what is known of the copy that had been there. */
export interface MissExplanation {
  reason: MissReason;
  /** When the copy was removed. */
  removed_at?: number;
  /** The option, or the fault, that made it go. */
  cause?: RemovalCause;
}

const WORDS: Record<MissReason, string> = {
  first_seen: 'first seen',
  invalidated: 'invalidated',
  cleared: 'cleared',
  evicted: 'evicted',
  aged_out: 'aged out',
  missing: 'its file was gone',
  damaged: 'its file was damaged',
  changed: 'changed in S3',
  reset: 'the cache directory was emptied',
};

/** The explanation in a few words, for logs: `evicted 3 min ago: maxSize`. */
export function inWords({ reason, removed_at, cause }: MissExplanation, now: number): string {
  const when = removed_at === undefined ? '' : ` ${ago(now - removed_at)}`;
  return `${WORDS[reason]}${when}${cause === undefined || cause === 'damaged' ? '' : `: ${cause}`}`;
}

const UNITS: readonly [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** A span in its largest unit: `3 min ago`. A time in the future, by a clock that was put back, is `just now`. */
function ago(ms: number): string {
  const [name, size] = UNITS.find(([, unit]) => ms >= unit) ?? [];
  return name === undefined || size === undefined ? 'just now' : `${Math.floor(ms / size)} ${name} ago`;
}
