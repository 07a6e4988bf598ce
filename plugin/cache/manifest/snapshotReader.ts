import { type FileHandle, open, readFile } from 'node:fs/promises';
import { MANIFEST_VERSION, type ManifestEntry } from '../../protocol.ts';
import { LineTooLongError, readLines } from './lines.ts';
import { parseEntry } from './manifestEntry.ts';
import type { ManifestIndex } from './manifestIndex.ts';
import { READ } from '../files/cautiousOpen.ts';
import { Pacer } from '../pacer.ts';
import type { JournalPosition } from './snapshot.ts';
import { parseLine } from './snapshotLine.ts';

/** How a snapshot ends. */
const END = '\n}}\n';
/** What others wrote is read as a whole; ours never is. */
const MAX_FOREIGN_BYTES = 128 << 20;

export interface ReadSnapshot {
  /** Absent in a manifest that was not written as a snapshot of a journal. */
  position: JournalPosition | undefined;
  /** False for a manifest that ends too soon; then the entries are those of its whole lines. */
  complete: boolean;
}

/** A manifest without its entries, or one that another tool wrote. Anything may be in there. */
interface Head {
  version?: unknown;
  journal?: unknown;
  pinned_actors?: unknown;
  entries?: unknown;
}

/**
 * Reads a snapshot into an empty index, in slices: neither its text nor its parsed form is ever there as a whole.
 * @throws if the file is no manifest of our version, or has lost all its entries
 */
export async function readSnapshot(path: string, index: ManifestIndex): Promise<ReadSnapshot> {
  const file = await open(path, READ);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a file');
    const snapshot = await readOwn(file, index).catch(ifTooLong);
    if (snapshot !== undefined) return snapshot;
    if (stats.size > MAX_FOREIGN_BYTES) throw new Error('it is none of ours, and too large to be read as a whole');
    return await readForeign(path, index);
  } finally {
    await file.close();
  }
}

/** Where in the journal a snapshot was taken. @throws if it is none of ours, or is cut short */
export async function readHead(file: FileHandle): Promise<Pick<ReadSnapshot, 'position'>> {
  const { size } = await file.stat();
  const { buffer } = await file.read(Buffer.alloc(END.length), 0, END.length, Math.max(0, size - END.length));
  if (buffer.toString() !== END) throw new Error('it is cut short');
  for await (const [line = ''] of readLines(file)) {
    const head = parseHead(line);
    ensureVersion(head?.version);
    return { position: positionOf(head) };
  }
  throw new Error('it is empty');
}

/** `undefined` for what we did not write. */
async function readOwn(file: FileHandle, index: ManifestIndex): Promise<ReadSnapshot | undefined> {
  const pacer = new Pacer();
  let head: Head | undefined;
  let complete = false;
  for await (const lines of readLines(file)) {
    for (const line of lines) {
      if (head === undefined) {
        head = parseHead(line);
        if (head === undefined) return undefined;
        ensureVersion(head.version);
        pinActors(index, head.pinned_actors);
      } else if (line === '}}') complete = true;
      else load(index, parseLine(line));
      if (pacer.isDue) await pacer.turn();
    }
  }
  if (head === undefined || (!complete && index.size === 0)) return undefined;
  return { position: positionOf(head), complete };
}

/** A manifest that another tool formatted (`jq . manifest.json`), or wrote. */
async function readForeign(path: string, index: ManifestIndex): Promise<ReadSnapshot> {
  const text = await readFile(path, 'utf8');
  const { version, pinned_actors, entries } = JSON.parse(text) as Head; // each field is checked
  ensureVersion(version);
  if (typeof entries !== 'object' || entries === null) throw new Error('it has no entries');
  pinActors(index, pinned_actors);
  const pacer = new Pacer();
  for (const entry of Object.values(entries)) {
    load(index, parseEntry(entry));
    if (pacer.isDue) await pacer.turn();
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
  for (const actor of Array.isArray(actors) ? actors : []) {
    if (typeof actor === 'string') index.apply({ op: 'pin', target: { actor }, pinned: true });
  }
}

function ensureVersion(version: unknown): void {
  if (version !== MANIFEST_VERSION) throw new Error(`version ${JSON.stringify(version)} is not ${MANIFEST_VERSION}`);
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
