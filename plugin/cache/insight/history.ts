import type { HistoryAnswer, HistoryPoint } from '../../inspectorProtocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { NdjsonFile } from '../files/ndjsonFile.ts';
import { processName } from '../files/temporary.ts';
import { Durations } from './durations.ts';
import { type Counted, differenceOf, type HistoryLine, isHistoryLine, NOTHING, sumOf } from './historyLine.ts';

const MINUTE_MS = 60_000;
/** How often a line is written, if there was anything. */
export const STEP_MS = 5 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SPANS = {
  '1h': { ms: 60 * MINUTE_MS, step: STEP_MS },
  '24h': { ms: DAY_MS, step: 15 * MINUTE_MS },
  '30d': { ms: 30 * DAY_MS, step: 6 * 60 * MINUTE_MS },
} as const;
/** The file is read again after this long. */
const READ_AGAIN_MS = 5000;

export interface HistoryOptions {
  file: NdjsonFile;
  /** The counters so far. */
  counters: () => Counted;
  /** Of the misses since the last line. */
  durations: Durations;
  now: () => number;
}

/**
 * What was served, in steps of five minutes, over thirty days. Dev servers are restarted all day, so the steps are kept in a file, to which all
 * processes append. Lines outside of the asked time are ignored and not removed, because the clock may be wrong; the file is shortened by
 * its length alone.
 */
export class History implements CachePart {
  readonly #options: HistoryOptions;
  #written: Counted = NOTHING;
  #timer: NodeJS.Timeout | undefined;
  #lines: Promise<HistoryLine[]> = Promise.resolve([]);
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.write();
  }

  /** Appends what was counted since the last line. Never rejects. */
  async write(): Promise<void> {
    const line = this.#pending();
    if (line === undefined) return;
    this.#written = this.#options.counters();
    this.#options.durations.take();
    this.#readAt = Number.NEGATIVE_INFINITY;
    await this.#options.file.append([line]);
  }

  /** `GET /history` */
  async answer(span: HistoryAnswer['span']): Promise<HistoryAnswer> {
    const now = this.#options.now();
    const lines = await this.#all();
    const { ms, step } = SPANS[span];
    const points = new Map<number, { line: Counted; durations: Durations }>();
    const lasting = { hits: 0, savedBytes: 0, durations: new Durations() };
    for (const line of lines) {
      if (!isWithin(line.at, now, SPANS['30d'].ms)) continue;
      lasting.hits += line.hits_memory + line.hits_disk;
      lasting.savedBytes += line.bytes_saved;
      lasting.durations.merge(line.miss_ms);
      if (line.at + STEP_MS <= now - ms) continue;
      const at = Math.floor(line.at / step) * step;
      const point = points.get(at) ?? { line: NOTHING, durations: new Durations() };
      point.durations.merge(line.miss_ms);
      points.set(at, { line: sumOf(point.line, line), durations: point.durations });
    }
    return {
      span,
      step_ms: step,
      points: [...points]
        .toSorted(([a], [b]) => a - b)
        .map(([at, { line, durations }]): HistoryPoint => Object.assign({ at }, line, percentilesOf(durations))),
      saved_bytes: lasting.savedBytes,
      saved_ms: lasting.hits * (lasting.durations.percentile(0.5) ?? 0),
    };
  }

  /** The median of the misses of 30 days, in milliseconds; `undefined` if there were none. */
  async missMs(): Promise<number | undefined> {
    const now = this.#options.now();
    const durations = new Durations();
    for (const { at, miss_ms } of await this.#all()) if (isWithin(at, now, SPANS['30d'].ms)) durations.merge(miss_ms);
    return durations.percentile(0.5);
  }

  /** Processes that have written a line a short while ago, by their names. */
  async recentProcesses(): Promise<Set<string>> {
    const since = this.#options.now() - 2 * STEP_MS - MINUTE_MS;
    const lines = await this.#all();
    return new Set(lines.filter(({ at }) => at >= since).map(({ process }) => process));
  }

  /** The lines of all processes, and what was counted since the last one. */
  async #all(): Promise<HistoryLine[]> {
    if (performance.now() - this.#readAt > READ_AGAIN_MS) {
      this.#readAt = performance.now();
      this.#lines = this.#options.file.read().then((lines) => lines.filter(isHistoryLine));
    }
    const pending = this.#pending();
    const lines = await this.#lines;
    return pending === undefined ? lines : [...lines, pending];
  }

  #pending(): HistoryLine | undefined {
    const { counters, durations, now } = this.#options;
    const counted = differenceOf(counters(), this.#written);
    if (Object.values(counted).every((count) => count === 0)) return undefined;
    const at = Math.floor(now() / STEP_MS) * STEP_MS;
    return { at, process: processName(), ...counted, miss_ms: { ...durations.counts } };
  }

  #schedule(): void {
    const toNextStep = STEP_MS - (this.#options.now() % STEP_MS);
    // Right before the step ends, so that its line belongs to it.
    this.#timer = setTimeout(
      () => {
        void this.write();
        this.#schedule();
      },
      Math.max(1000, toNextStep - 100),
    ).unref();
  }
}

function isWithin(at: number, now: number, ms: number): boolean {
  return at <= now && at > now - ms;
}

function percentilesOf(durations: Durations): Pick<HistoryPoint, 'miss_p50_ms' | 'miss_p95_ms'> {
  const [p50, p95] = [durations.percentile(0.5), durations.percentile(0.95)];
  return p50 === undefined || p95 === undefined ? {} : { miss_p50_ms: p50, miss_p95_ms: p95 };
}
