import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MANIFEST_VERSION, type ManifestEntry } from '../protocol.ts';
import { parseEntry } from './manifestEntry.ts';
import { READ } from './openFlags.ts';
import { replaceFile } from './replaceFile.ts';
import { syncDirectory } from './syncDirectory.ts';

/** How far into the journal a snapshot reaches: everything before this point is in it. */
export interface JournalPosition {
  generation: number;
  offset: number;
}

/** Entries to a write: large enough to be fast, small enough not to hold up anything else. */
const CHUNK_ENTRIES = 500;

/**
 * The manifest as text in the documented shape, in chunks of one entry a line, so that neither writing nor reading it
 * ever needs the whole of it as one string.
 */
export function* serializeManifest(
  entries: Iterable<ManifestEntry>,
  lastUpdated: number,
  position?: JournalPosition,
): Generator<string> {
  const journal = position === undefined ? '' : `"journal":${JSON.stringify(position)},`;
  let chunk = `{"version":"${MANIFEST_VERSION}","last_updated":${lastUpdated},${journal}"entries":{`;
  let separator = '\n';
  let inChunk = 0;
  for (const entry of entries) {
    chunk += `${separator}${JSON.stringify(entry.s3_url)}:${JSON.stringify(entry)}`;
    separator = ',\n';
    inChunk += 1;
    if (inChunk === CHUNK_ENTRIES) {
      yield chunk;
      chunk = '';
      inChunk = 0;
    }
  }
  yield `${chunk}\n}}\n`;
}

/** Writes a snapshot under a name of its own; it appears whole or not at all. */
export async function writeSnapshot(
  path: string,
  tmpPath: string,
  content: Iterable<string>,
  sync: boolean,
): Promise<void> {
  const file = await open(tmpPath, 'wx', 0o600);
  try {
    let written = 0;
    for (const chunk of content) {
      const bytes = Buffer.from(chunk);
      await file.writeFile(bytes);
      written += bytes.length;
    }
    if (sync) await file.sync();
    const { size } = await file.stat();
    if (size !== written) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
  } catch (error) {
    await file.close();
    await rm(tmpPath, { force: true });
    throw error;
  }
  await file.close();
  await replaceFile(tmpPath, path);
  // Logs are removed next: the name of what makes them superfluous must outlive a power cut that they do not.
  if (sync) await syncDirectory(dirname(path));
}

export interface Snapshot {
  entries: ManifestEntry[];
  /** Absent in a manifest that was not written as a snapshot of a journal. */
  position: JournalPosition | undefined;
  /** False for a manifest that ends too soon; then the entries are those of its whole lines. */
  complete: boolean;
}

/** @throws if the file is no manifest of our version, or has lost all its entries */
export async function readSnapshot(path: string): Promise<Snapshot> {
  const file = await open(path, READ);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a file');
    let head: string | undefined;
    let complete = false;
    const entries: ManifestEntry[] = [];
    for await (const line of file.readLines({ encoding: 'utf8' })) {
      if (head === undefined) head = line;
      else if (line === '}}') complete = true;
      else {
        const entry = parseLine(line);
        if (entry !== undefined) entries.push(entry);
      }
    }
    if (head === undefined || (!complete && entries.length === 0)) return await readForeign(path);
    const { version, journal } = JSON.parse(`${head}}}`) as { version?: unknown; journal?: unknown };
    ensureVersion(version);
    return { entries, position: isPosition(journal) ? journal : undefined, complete };
  } finally {
    await file.close();
  }
}

function parseLine(line: string): ManifestEntry | undefined {
  try {
    const [entry] = Object.values(JSON.parse(`{${line.replace(/,$/, '')}}`) as Record<string, unknown>);
    return parseEntry(entry);
  } catch {
    return undefined;
  }
}

/** A manifest that another tool formatted (`jq . manifest.json`), or wrote. */
async function readForeign(path: string): Promise<Snapshot> {
  const { version, entries } = JSON.parse(await readFile(path, 'utf8')) as { version?: unknown; entries?: unknown };
  ensureVersion(version);
  if (typeof entries !== 'object' || entries === null) throw new Error('it has no entries');
  const parsed = Object.values(entries)
    .map(parseEntry)
    .filter((entry) => entry !== undefined);
  return { entries: parsed, position: undefined, complete: true };
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
