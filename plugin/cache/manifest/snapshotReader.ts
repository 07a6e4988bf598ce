import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { ManifestEntry } from '../../protocol.ts';
import { LineTooLongError, readLines } from './lines.ts';
import { parseEntry } from './manifestEntry.ts';
import type { ManifestIndex } from './manifestIndex.ts';
import { READ } from '../files/cautiousOpen.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { JournalPosition } from './snapshot.ts';
import { parseLine } from './snapshotLine.ts';

/** The end of every complete snapshot. */
const END = '\n}}\n';
/** A manifest of another tool is read as a whole; one of ours never is. */
const MAX_FOREIGN_BYTES = 128 << 20;

export interface ReadSnapshot {
  /** Absent in a manifest that was not written as a snapshot of a journal. */
  position: JournalPosition | undefined;
  /** False for a manifest that ends too soon; then only the entries of its complete lines are read. */
  complete: boolean;
}

/** Versions that only add fields to those we know. A version that changes their meaning has another major number. */
const READABLE = /^1\.\d{1,9}$/;

/** Thrown for a manifest whose version gives known fields another meaning. Only its pinned actors are kept. */
export class OtherVersionError extends Error {
  override readonly name = 'OtherVersionError';
  readonly pinnedActors: readonly string[];

  constructor({ version, pinned_actors }: Head) {
    const shown = JSON.stringify(version)?.slice(0, 20);
    super(
      `it is of version ${shown}, and this one reads 1.x; actors stay pinned, single images have to be pinned again`,
    );
    this.pinnedActors = actorsIn(pinned_actors);
  }
}

/** A manifest without its entries, or one that another tool wrote: any field may have any value. */
interface Head {
  version?: unknown;
  total_entries?: unknown;
  journal?: unknown;
  pinned_actors?: unknown;
  removed_at?: unknown;
  invalidated_at?: unknown;
  entries?: unknown;
}

/**
 * Reads a snapshot into an empty index, in slices: neither its text nor its parsed form is ever in memory as a whole.
 * @throws if the file is not a manifest of our version, or has lost all its entries
 */
export async function readSnapshot(path: string, index: ManifestIndex): Promise<ReadSnapshot> {
  const file = await open(path, READ);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a file');
    const snapshot = await readOwn(file, index).catch(ifTooLong);
    if (snapshot !== undefined) return snapshot;
    if (stats.size > MAX_FOREIGN_BYTES)
      throw new Error('it was not written by this cache, and is too large to be read as a whole');
    return await readForeign(path, index);
  } finally {
    await file.close();
  }
}

/** Returns the position in the journal at which a snapshot was taken. @throws if the file is not our snapshot, or is cut short */
export async function readHead(file: FileHandle): Promise<Pick<ReadSnapshot, 'position'>> {
  const { size } = await file.stat();
  const { buffer } = await file.read(Buffer.alloc(END.length), 0, END.length, Math.max(0, size - END.length));
  if (buffer.toString() !== END) throw new Error('it is cut short');
  for await (const [line = ''] of readLines(file)) {
    const head = parseHead(line);
    ensureVersion(head ?? {});
    return { position: positionOf(head) };
  }
  throw new Error('it is empty');
}

/** Returns `undefined` for text that we did not write. */
async function readOwn(file: FileHandle, index: ManifestIndex): Promise<ReadSnapshot | undefined> {
  const timeSlice = new TimeSlice();
  let head: Head | undefined;
  let complete = false;
  let count = 0;
  for await (const lines of readLines(file)) {
    for (const line of lines) {
      if (head === undefined) {
        head = parseHead(line);
        if (head === undefined) return undefined;
        ensureVersion(head);
        pinActors(index, head.pinned_actors);
        noteRemovals(index, head);
      } else if (line === '}}') complete = true;
      else {
        count += 1;
        load(index, parseLine(line));
      }
      if (timeSlice.isOver) await timeSlice.yield();
    }
  }
  if (head === undefined || (!complete && index.size === 0)) return undefined;
  // Lines may have been cut out of the middle, with the end left intact.
  const isWhole = complete && (typeof head.total_entries !== 'number' || head.total_entries === count);
  return { position: positionOf(head), complete: isWhole };
}

/** Reads a manifest that another tool wrote or formatted (`jq . manifest.json`). */
async function readForeign(path: string, index: ManifestIndex): Promise<ReadSnapshot> {
  const text = await readFile(path, 'utf8');
  const head = JSON.parse(text) as Head | null; // each field is checked
  const { pinned_actors, entries } = head ?? {};
  ensureVersion(head ?? {});
  if (typeof entries !== 'object' || entries === null) throw new Error('it has no entries');
  pinActors(index, pinned_actors);
  noteRemovals(index, head ?? {});
  const timeSlice = new TimeSlice();
  for (const entry of Object.values(entries)) {
    load(index, parseEntry(entry));
    if (timeSlice.isOver) await timeSlice.yield();
  }
  return { position: undefined, complete: true };
}

function ifTooLong(error: unknown): undefined {
  if (!(error instanceof LineTooLongError)) throw error;
}

function parseHead(line: string): Head | undefined {
  try {
    return JSON.parse(`${line}}}`) as Head; // each field is checked
  } catch {
    return undefined;
  }
}

function positionOf(head: Head | undefined): JournalPosition | undefined {
  return isPosition(head?.journal) ? head.journal : undefined;
}

function load(index: ManifestIndex, entry: ManifestEntry | undefined): void {
  if (entry !== undefined) index.apply({ op: 'put', entry });
}

function pinActors(index: ManifestIndex, actors: unknown): void {
  for (const actor of actorsIn(actors)) index.apply({ op: 'pin', target: { actor }, pinned: true });
}

function noteRemovals(index: ManifestIndex, { removed_at, invalidated_at = removed_at }: Head): void {
  index.noteRemovals({ removedAt: timeIn(removed_at), invalidatedAt: timeIn(invalidated_at) });
}

function timeIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function actorsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((actor) => typeof actor === 'string' && actor !== '') : [];
}

function ensureVersion(head: Head): void {
  if (typeof head.version !== 'string' || !READABLE.test(head.version)) throw new OtherVersionError(head);
}

function isPosition(value: unknown): value is JournalPosition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'generation' in value &&
    Number.isSafeInteger(value.generation) &&
    'offset' in value &&
    Number.isSafeInteger(value.offset)
  );
}
