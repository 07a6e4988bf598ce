import type { ManifestEntry } from '../../protocol.ts';
import { parseEntry } from './manifestEntry.ts';

/** Formats one entry as a line of a snapshot: `"<key>":{…}`. */
export function formatLine(entry: ManifestEntry): string {
  return `${JSON.stringify(entry.s3_url)}:${JSON.stringify(entry)}`;
}

/** Parses a line of a snapshot; returns `undefined` if it is not an entry. */
export function parseLine(line: string): ManifestEntry | undefined {
  // The entry contains its key as well. Parsing the key again as a property name would double the cost.
  const start = line.indexOf('":{') + 2;
  const end = line.endsWith(',') ? -1 : line.length;
  try {
    return parseEntry(JSON.parse(line.slice(start, end)));
  } catch {
    return undefined;
  }
}
