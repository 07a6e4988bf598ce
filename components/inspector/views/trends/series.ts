import type { HistoryPoint } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatCount, formatMs } from '../../format/amounts.ts';

/** One line, or one layer of the bars, of a chart. */
interface Series {
  name: string;
  /** Names its colour. */
  tone: 'strong' | 'middle' | 'light' | 'warn' | 'fail';
  /** `undefined`: not known in that interval, so that a line is broken there. */
  valueOf(point: HistoryPoint): number | undefined;
}

export interface ChartSpec {
  title: string;
  kind: 'bars' | 'lines';
  series: readonly Series[];
  format(value: number): string;
}

/** The charts of the view, from top to bottom. */
export const CHARTS: readonly ChartSpec[] = [
  {
    title: 'Answers',
    kind: 'bars',
    format: formatCount,
    series: [
      { name: 'Memory', tone: 'strong', valueOf: ({ hits_memory }) => hits_memory },
      { name: 'Disk', tone: 'middle', valueOf: ({ hits_disk }) => hits_disk },
      { name: 'S3', tone: 'warn', valueOf: ({ misses }) => misses },
      { name: 'Failed', tone: 'fail', valueOf: ({ failed }) => failed },
    ],
  },
  {
    title: 'Time of a miss',
    kind: 'lines',
    format: formatMs,
    series: [
      { name: 'Half are faster', tone: 'strong', valueOf: ({ miss_p50_ms }) => miss_p50_ms },
      { name: '19 of 20 are faster', tone: 'middle', valueOf: ({ miss_p95_ms }) => miss_p95_ms },
    ],
  },
  {
    title: 'Bytes',
    kind: 'bars',
    format: formatBytes,
    series: [
      { name: 'From the cache', tone: 'strong', valueOf: ({ bytes_saved }) => bytes_saved },
      { name: 'From S3', tone: 'warn', valueOf: ({ bytes_downloaded }) => bytes_downloaded },
    ],
  },
];

export interface Totals {
  /** From 0 to 1. */
  hitRatio: number;
  saved: number;
  downloaded: number;
  /** The median of the intervals' medians; `undefined` without a miss. */
  missMs: number | undefined;
}

export function totalsOf(points: readonly HistoryPoint[]): Totals {
  const sum = (valueOf: (point: HistoryPoint) => number): number =>
    points.reduce((all, point) => all + valueOf(point), 0);
  const hits = sum(({ hits_memory, hits_disk }) => hits_memory + hits_disk);
  const all = hits + sum(({ misses, failed }) => misses + failed);
  const medians = points.flatMap(({ miss_p50_ms }) => miss_p50_ms ?? []).toSorted((a, b) => a - b);
  return {
    hitRatio: all === 0 ? 0 : hits / all,
    saved: sum(({ bytes_saved }) => bytes_saved),
    downloaded: sum(({ bytes_downloaded }) => bytes_downloaded),
    missMs: medians[Math.floor(medians.length / 2)],
  };
}

/** A round number at or above a value, for the end of an axis. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}
