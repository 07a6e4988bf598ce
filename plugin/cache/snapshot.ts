import { copyFile, link, open, readFile, rename, rm } from 'node:fs/promises';
import { MANIFEST_VERSION, type ManifestEntry } from '../protocol.ts';
import { parseEntry } from './manifestEntry.ts';

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
  await rename(tmpPath, path);
}

/**
 * Gives a snapshot its public name, `manifest.json`, as a second hard link to the same file. Where the file system
 * has no hard links the rename of a copy does the same.
 */
export async function publishSnapshot(snapshot: string, manifest: string, tmpPath: string): Promise<void> {
  try {
    await link(snapshot, tmpPath);
  } catch {
    await copyFile(snapshot, tmpPath);
  }
  await rename(tmpPath, manifest);
  await rm(tmpPath, { force: true }); // POSIX: renaming onto another link of the same file does nothing
}

export interface Snapshot {
  entries: ManifestEntry[];
  /** Absent in a manifest that was not written as a snapshot of a journal. */
  position: JournalPosition | undefined;
  /** Entries that were not as we would have written them. */
  dropped: number;
}

/** @throws if the file is not a complete manifest of our version */
export async function readSnapshot(path: string): Promise<Snapshot> {
  const file = await open(path, 'r');
  try {
    const lines = file.readLines({ encoding: 'utf8' });
    let head: string | undefined;
    let complete = false;
    let dropped = 0;
    const entries: ManifestEntry[] = [];
    for await (const line of lines) {
      if (head === undefined) head = line;
      else if (line === '}}') complete = true;
      else {
        const entry = parseLine(line);
        if (entry === undefined) dropped += 1;
        else entries.push(entry);
      }
    }
    if (head === undefined || !complete) return await readForeign(path);
    const { version, journal } = JSON.parse(`${head}}}`) as { version?: unknown; journal?: JournalPosition };
    if (version !== MANIFEST_VERSION) throw new Error(`version ${JSON.stringify(version)} is not ${MANIFEST_VERSION}`);
    return { entries, position: isPosition(journal) ? journal : undefined, dropped };
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
  if (version !== MANIFEST_VERSION) throw new Error(`version ${JSON.stringify(version)} is not ${MANIFEST_VERSION}`);
  if (typeof entries !== 'object' || entries === null) throw new Error('it has no entries');
  const values = Object.values(entries);
  const parsed = values.map(parseEntry).filter((entry) => entry !== undefined);
  return { entries: parsed, position: undefined, dropped: values.length - parsed.length };
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
