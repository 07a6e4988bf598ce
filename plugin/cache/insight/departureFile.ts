import type { NdjsonFile } from '../files/ndjsonFile.ts';
import { inBatches } from '../queue/batches.ts';
import type { MissExplanation } from './missReason.ts';

/** Images that left together, by the digests of their keys. */
export interface DepartureRecord extends MissExplanation {
  keys: string[];
}

/** A process that is killed loses the departures of this long. */
const FLUSH_MS = 1000;
/** Keys that wait to be written. If the disk does not answer, further ones are not recorded. */
const MAX_WAITING = 100_000;

/**
 * The departures on disk, so that the next process knows them as well: the journal is folded into a snapshot at each end, and says then
 * no longer what was removed. Each process writes those that it has caused.
 */
export class DepartureFile {
  readonly #file: NdjsonFile;
  #waiting: DepartureRecord[] = [];
  #waitingKeys = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: NdjsonFile) {
    this.#file = file;
  }

  add(record: DepartureRecord): void {
    if (this.#waitingKeys >= MAX_WAITING) return;
    this.#waiting.push(record);
    this.#waitingKeys += record.keys.length;
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** The records of all processes, the oldest first. */
  async read(): Promise<DepartureRecord[]> {
    return (await this.#file.read()).filter(isDeparture);
  }

  /** Writes what is waiting. Never rejects: without it, a later miss has no reason. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = this.#waiting;
    this.#waiting = [];
    this.#waitingKeys = 0;
    await this.#file.append(records.flatMap(inParts));
  }
}

/** So that no line is very long. */
function inParts({ keys, ...explanation }: DepartureRecord): DepartureRecord[] {
  return Array.from(inBatches(keys), (part) => ({ ...explanation, keys: part }));
}

const REASONS: ReadonlySet<unknown> = new Set(['invalidated', 'cleared', 'evicted', 'aged_out', 'missing', 'damaged']);

/** Whether a line is one that this version understands. */
function isDeparture(value: object): value is DepartureRecord {
  if (!('reason' in value) || !REASONS.has(value.reason)) return false;
  if (!('removed_at' in value) || typeof value.removed_at !== 'number') return false;
  return 'keys' in value && Array.isArray(value.keys) && value.keys.every((key) => typeof key === 'string');
}
