import { basename, join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { errnoOf } from '../files/fileError.ts';
import { generationPath, listGenerations } from './generations.ts';
import { JournalLog } from './journalLog.ts';
import type { JournalRecord } from './manifestChange.ts';
import { LogChanges } from './logChanges.ts';
import { JOURNAL_DIR, QUARANTINE_DIR } from '../files/layout.ts';
import { ManifestIndex } from './manifestIndex.ts';
import { makeLastingFolder } from '../files/ownFolders.ts';
import { TimeSlice } from '../../timeSlice.ts';
import { quarantine } from '../files/quarantine.ts';
import { retryWhenRemoved } from '../files/retryWhenRemoved.ts';
import { readBase } from './snapshotBase.ts';
import { syncDirectory } from '../files/syncDirectory.ts';

export interface JournalReplicaOptions {
  /** The cache directory. */
  dir: string;
  /** Prefix of every `local_path`, e.g. `.image-cache/`. */
  prefix: string;
  /** True if records are to survive a power cut, and not only the end of this process. */
  fsync: boolean;
  now: () => number;
  /** True if the oldest files in quarantine stay, however many there are. */
  keepsPutAside: boolean;
  /**
   * Called after each record, in order, including the records of other processes. A record that removes very many entries is
   * reported in several parts.
   */
  applied: (record: JournalRecord, removed: ManifestEntry[]) => void;
  /** Called for a record that does nothing, because its image was changed or removed by a record that its writer had not read yet. */
  refused: (record: JournalRecord) => void;
  /** Called with the entries that are gone after the journal had to be read from its beginning. */
  reset: (gone: ManifestEntry[]) => void;
  /** Called when `manifest.json` has entries that were removed before the journal was lost: it should be written again. */
  outdated: () => void;
  /** Called with a message when a damaged file was found and dealt with. */
  warn: (message: string) => void;
}

/** Maximum number of missing logs that are replaced by empty ones. A log with a stray number must not cause a million files. */
const MAX_GAP = 1000;

/**
 * The state of the manifest up to the record that this process has read last. Reading begins with a snapshot and continues
 * from log to log. Calls must not overlap.
 */
export class JournalReplica {
  readonly #options: JournalReplicaOptions;
  readonly #journalDir: string;
  #index: ManifestIndex;
  #log: JournalLog | undefined;
  /** Changes made by the records of the current log, including those that the snapshot contains. */
  #changes = new LogChanges();
  /** Bytes of the log that the snapshot includes. */
  #base = 0;
  #isClosed = false;
  /** The state before the journal disappeared; kept until the journal has been read again. */
  #lost: ManifestIndex | undefined;

  constructor(options: JournalReplicaOptions) {
    this.#options = options;
    this.#journalDir = join(options.dir, JOURNAL_DIR);
    this.#index = new ManifestIndex(options.prefix);
  }

  get index(): ManifestIndex {
    return this.#index;
  }

  /** Applies the records that any process appended since the last call. Returns the newest log, read to its end. */
  async catchUp(): Promise<JournalLog> {
    // otherwise it would open the log and never close it
    if (this.#isClosed) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
    for (;;) {
      const log = this.#log ?? (await this.#load());
      await this.#read(log);
      if (await log.isNewest()) {
        await this.#reportLost();
        return log;
      }
      await this.#read(log); // the records that were acknowledged before its successor appeared
      if (await this.#follow(log)) continue;
      // All logs were compacted away while this process was suspended, or the directory was removed.
      await this.#release();
      this.#lost ??= this.#index;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#release();
  }

  async #release(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    await log?.close();
  }

  /** Reads the records that the snapshot includes as well, without applying them: later records may depend on them. */
  #begin(log: JournalLog, base: number): void {
    this.#log = log;
    this.#base = base;
    this.#changes = new LogChanges();
  }

  /** Continues with the next log. Returns false if it is not certain that this is the successor. */
  async #follow(log: JournalLog): Promise<boolean> {
    const next = await JournalLog.open(this.#options.dir, log.generation + 1);
    if (next === undefined) return false;
    const follows = await log.exists().catch(() => false);
    await (follows ? log : next).close();
    if (!follows) return false;
    this.#begin(next, 0);
    if (this.#options.fsync) await syncDirectory(this.#journalDir); // a record is only as durable as the name of its log
    return true;
  }

  async #read(log: JournalLog): Promise<void> {
    const timeSlice = new TimeSlice();
    for await (const { records, damaged } of log.read()) {
      if (damaged > 0) {
        this.#options.warn(`The journal held ${damaged} damaged record(s); their images will be fetched again.`);
      }
      for (const { record, start } of records) {
        if (this.#changes.outdates(record)) {
          if (start >= this.#base) this.#options.refused(record);
          continue;
        }
        this.#changes.note(record, start);
        if (start < this.#base) continue;
        for (const removed of this.#index.steps(record)) {
          this.#options.applied(record, removed);
          if (timeSlice.isOver) await timeSlice.yield();
        }
      }
    }
  }

  /** Starts again whenever other processes compact meanwhile, and a few times when the directory is removed (T55). */
  async #load(): Promise<JournalLog> {
    for (;;) {
      const log = await retryWhenRemoved(() => this.#tryLoad());
      if (log !== undefined) return log;
    }
  }

  /**
   * Reads the newest snapshot and opens the log in which it was taken. Other processes may compact both away meanwhile; then
   * there is a newer snapshot, because logs are removed after it was published. If this process created a log by then, its
   * number is already out of use, and no process will ever read it.
   */
  async #tryLoad(): Promise<JournalLog | undefined> {
    const { dir, prefix, fsync } = this.#options;
    await makeLastingFolder(dir, JOURNAL_DIR);
    const { snapshots, logs } = await listGenerations(dir);
    const putAside = (path: string, reason: unknown) => this.#quarantine(path, reason);
    const base = await readBase({ dir, prefix, snapshots, putAside });
    const first = base.generation ?? logs[0] ?? 1;
    await this.#makeUpFor(first, logs);
    if (fsync) await syncDirectory(this.#journalDir);
    const log = await this.#open(first);
    if (log === undefined) return undefined;
    try {
      const [newest] = (await listGenerations(dir)).snapshots;
      if (newest === base.generation) {
        // A power cut removed the end of the log, which the snapshot contains. New records go to the next log.
        if ((await log.size()) < base.offset) await JournalLog.create(dir, first + 1);
        this.#begin(log, base.offset);
      }
    } finally {
      if (this.#log !== log) await log.close();
    }
    if (this.#log === undefined) return undefined;
    this.#index = base.index;
    if (base.generation === undefined && this.#lost !== undefined) await this.#forgetRemoved(this.#lost);
    return log;
  }

  /**
   * Handles a journal that was removed by hand. `manifest.json` is left, and may be older than the state of this process.
   * Images that were removed in between stay removed (R9). An entry that another process had added meanwhile is lost as
   * well; its file is still there, and is adopted when its URL is requested.
   */
  async #forgetRemoved(known: ManifestIndex): Promise<void> {
    const keys: string[] = [];
    const timeSlice = new TimeSlice();
    for (const { s3_url, sha256 } of this.#index.toArray()) {
      if (known.get(s3_url)?.sha256 !== sha256) keys.push(s3_url);
      if (timeSlice.isOver) await timeSlice.yield();
    }
    if (keys.length === 0) return;
    this.#index.apply({ op: 'delete', keys, reason: 'missing' });
    this.#options.outdated();
  }

  /** A log that is missing in the sequence was removed by hand, and counts as an empty one (T53). */
  async #makeUpFor(first: number, logs: readonly number[]): Promise<void> {
    const last = Math.min(logs.at(-1) ?? first, first + MAX_GAP);
    for (let generation = first; generation <= Math.max(first, last); generation += 1) {
      if (!logs.includes(generation)) await JournalLog.create(this.#options.dir, generation);
    }
  }

  async #open(generation: number): Promise<JournalLog | undefined> {
    try {
      return await JournalLog.open(this.#options.dir, generation);
    } catch (error) {
      if (!['EISDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) throw error;
      await this.#quarantine(generationPath(this.#options.dir, generation, 'log'), error);
      return undefined;
    }
  }

  async #quarantine(path: string, reason: unknown): Promise<void> {
    const { dir, now, keepsPutAside } = this.#options;
    await quarantine(dir, path, now(), keepsPutAside);
    const why = reason instanceof Error ? reason.message : String(reason);
    this.#options.warn(`${basename(path)} could not be read (${why}) and was moved to ${QUARANTINE_DIR}/.`);
  }

  async #reportLost(): Promise<void> {
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost === undefined) return;
    const gone: ManifestEntry[] = [];
    const timeSlice = new TimeSlice();
    for (const entry of lost.values()) {
      if (this.#index.get(entry.s3_url)?.sha256 !== entry.sha256) gone.push(entry);
      if (timeSlice.isOver) await timeSlice.yield();
    }
    this.#options.reset(gone);
  }
}
